import { analysisProblems } from './analysis.ts';
import { pronunciationProblems } from './character.ts';
import type { Problem } from '../../base/problem.ts';
import type { Definition, Reachable } from './definition.ts';
import { destinationProblems, headerProblems } from './destination-problems.ts';
import { flowProblems } from './flows/problems.ts';
import { flowTemplates, flowTexts } from './flows/templates.ts';
import { handoffProblems } from './handoff-problems.ts';
import { httpToolProblems, VOICE_TOOLS } from './http-tool.ts';
import { mcpProblems } from './mcp.ts';
import { dialingLimitProblems } from './dialing-problems.ts';
import { jsonSchemaProblems } from './json-schema.ts';
import { outboundProblems } from './outbound-problems.ts';
import { realtimeProblems } from './realtime-problems.ts';
import { receiveDtmfProblems } from './receive-dtmf.ts';
import { recordingProblems } from './recording.ts';
import { routeProblems } from './routes/problems.ts';
import { stateProblems, stateVariables } from './state.ts';
import type { Source } from '../../base/source.ts';
import { templateFaults } from './template.ts';

type Path = readonly (string | number)[];

/** What the schema cannot say: templates, addresses, and the outcome as a schema of its own. */
export function contentProblems(source: Source, definition: Definition): Problem[] {
  return [
    ...templateProblems(source, definition),
    ...destinationProblems(source, definition),
    ...realtimeProblems(source, definition),
    ...receiveDtmfProblems(source, definition.tools.receive_dtmf),
    ...recordingProblems(source, definition.recording),
    ...outcomeProblems(source, definition),
    ...byeProblems(source, definition),
    ...httpToolProblems(source, definition.tools.http, stateVariables(definition, { secret: true })),
    ...mcpProblems(source, definition.tools.mcp),
    ...stateProblems(source, definition),
    ...destinationNameProblems(source, definition),
    ...outboundProblems(source, definition),
    ...dialingLimitProblems(source, definition),
    ...handoffProblems(source, definition),
    ...analysisProblems(source, definition.analysis),
    ...pronunciationProblems(source, definition),
    ...routeProblems(source, definition),
    ...flowProblems(source, definition),
  ];
}

function templateProblems(source: Source, definition: Definition): Problem[] {
  const { greeting, instructions, limits, outbound, recording, routes, tools, trouble, variables } =
    definition;
  const state = stateVariables(definition, { secret: false });
  /** With the variables that not every template has. Nothing is collected yet where a call begins. */
  const templates: [path: Path, text: string, own?: readonly string[]][] = [
    [['instructions'], instructions, state],
    ...flowTemplates(definition).map(([path, text]): [Path, string, string[]] => [path, text, state]),
  ];
  if (definition.persona !== undefined) templates.push([['persona'], definition.persona, state]);
  const greetings: [Path, typeof greeting | undefined][] = [
    [['greeting'], greeting],
    ...routes.rules.map((rule, i): [Path, typeof greeting | undefined] => [
      ['routes', 'rules', i, 'greeting'],
      rule.greeting,
    ]),
  ];
  for (const [path, said] of greetings) {
    if (said?.kind === 'generated') templates.push([[...path, 'instructions'], said.instructions]);
    if (said?.kind === 'fixed') templates.push([[...path, 'text'], said.text]);
  }
  templates.push([['limits', 'duration_warning', 'text'], limits.duration_warning.text, state]);
  for (const field of ['duration_goodbye', 'silence_reprompt', 'silence_goodbye'] as const)
    templates.push([['limits', field], limits[field], state]);
  for (const field of ['filler', 'apology', 'handover', 'resumed', 'goodbye'] as const)
    templates.push([['trouble', field], trouble[field], state]);
  const { consent } = recording ?? {};
  if (consent) templates.push([['recording', 'consent', 'text'], consent.text]);
  if (consent?.agree) templates.push([['recording', 'consent', 'agree', 'goodbye'], consent.agree.goodbye]);
  const plain: [Path, string | undefined][] = flowTexts(definition);
  for (const [name, value] of Object.entries(variables)) plain.push([['variables', name], value]);
  routes.rules.forEach(({ vars, state: begins }, i) => {
    for (const [name, value] of Object.entries(vars))
      plain.push([['routes', 'rules', i, 'vars', name], value]);
    for (const [name, value] of Object.entries(begins))
      if (typeof value === 'string') templates.push([['routes', 'rules', i, 'state', name], value]);
  });
  const { http } = tools;
  for (const name of VOICE_TOOLS)
    if (name !== 'goto_flow') plain.push([['tools', name, 'description'], tools[name]?.description]);
  for (const [name, { description, filler }] of Object.entries(http ?? {})) {
    plain.push([['tools', 'http', name, 'description'], description]);
    if (filler) templates.push([['tools', 'http', name, 'filler', 'text'], filler.text, state]);
  }
  const { confirmation } = tools.receive_dtmf ?? {};
  for (const field of ['read_back', 'question', 'again'] as const)
    if (confirmation?.[field] !== undefined)
      templates.push([
        ['tools', 'receive_dtmf', 'confirmation', field],
        confirmation[field],
        field === 'read_back' ? ['digits', ...state] : state,
      ]);
  const called = (['transfer_call', 'consult_call'] as const).flatMap((tool) =>
    Object.entries<Reachable & { description: string; introduce?: string | undefined }>(
      tools[tool]?.destinations ?? {},
    ).map(([name, destination]) => [['tools', tool, 'destinations', name], destination] as const),
  );
  const handover = Object.keys(tools.transfer_call?.handover ?? {}).map((name) => `handover.${name}`);
  for (const [path, destination] of called) {
    const own = path[1] === 'transfer_call' ? [...handover, ...state] : state;
    // What the model may choose among is settled when the call begins.
    templates.push([[...path, 'to'], destination.to]);
    plain.push([[...path, 'description'], destination.description]);
    for (const [header, value] of Object.entries(destination.headers))
      templates.push([[...path, 'headers', header], value, own]);
    for (const field of ['caller_id', 'display_name', 'introduce'] as const)
      if (destination[field] !== undefined) templates.push([[...path, field], destination[field], own]);
  }
  for (const [header, value] of Object.entries(outbound?.headers ?? {}))
    templates.push([['outbound', 'headers', header], value]);
  if (outbound?.machine?.message !== undefined)
    templates.push([['outbound', 'machine', 'message'], outbound.machine.message]);
  if (outbound?.display_name !== undefined)
    templates.push([['outbound', 'display_name'], outbound.display_name]);
  const { end_dialog } = tools;
  for (const [header, value] of Object.entries(end_dialog?.headers ?? {}))
    templates.push([
      ['tools', 'end_dialog', 'headers', header],
      value,
      [...outcomeVariables(end_dialog?.outcome), ...state],
    ]);
  return [
    ...templates.flatMap(([path, text, own]) =>
      templateFaults(text, own).map(({ at, what, mend }) =>
        source.problem(path, `${path.join('.')}: ${what}`, mend, source.lineWithin(path, text, at)),
      ),
    ),
    ...plain
      .filter(([, text]) => text?.includes('{{'))
      .map(([path]) =>
        source.problem(
          path,
          `${path.join('.')}: is no template, so {{ stays as it is`,
          'write it without variables, or name them in instructions',
        ),
      ),
  ];
}

/** How the templates of the BYE's headers name what an outcome may hold. */
function outcomeVariables(outcome: Readonly<Record<string, unknown>> | undefined): string[] {
  const properties = outcome?.['properties'];
  const names = typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
  return names.map((name) => `outcome.${name}`);
}

function byeProblems(source: Source, definition: Definition): Problem[] {
  const problems: Problem[] = [];
  headerProblems(definition.tools.end_dialog?.headers ?? {}, (field, what, mend) =>
    problems.push(source.problem(['tools', 'end_dialog', ...field], what, mend)),
  );
  return problems;
}

function outcomeProblems(source: Source, definition: Definition): Problem[] {
  const outcome = definition.tools.end_dialog?.outcome;
  if (!outcome) return [];
  return jsonSchemaProblems(source, ['tools', 'end_dialog', 'outcome'], outcome, {
    isNoObject: 'the outcome is no object',
  });
}

/** Where callers go without being asked: names of destinations. */
function destinationNameProblems(source: Source, { trouble, overflow, tools }: Definition): Problem[] {
  const destinations = tools.transfer_call?.destinations ?? {};
  const names = Object.keys(destinations);
  const named: [path: Path, name: string | undefined][] = [
    [['trouble', 'transfer'], trouble.transfer],
    [['overflow'], overflow],
  ];
  return named.flatMap(([path, name]) =>
    name === undefined || Object.hasOwn(destinations, name)
      ? []
      : source.problem(
          path,
          `${path.join('.')}: there is no destination ${name}`,
          names.length > 0
            ? `use one of ${names.join(', ')}`
            : 'list it below tools.transfer_call.destinations',
        ),
  );
}
