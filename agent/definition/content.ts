import { Ajv, type ErrorObject } from 'ajv';
import type { Problem } from '../../base/problem.ts';
import type { Definition, Reachable } from './definition.ts';
import { destinationProblems } from './destination-problems.ts';
import { receiveDtmfProblems } from './receive-dtmf.ts';
import type { Source } from '../../base/source.ts';
import { templateFaults } from './template.ts';

type Path = readonly (string | number)[];

/** What the schema cannot say: templates, addresses, and the outcome as a schema of its own. */
export function contentProblems(source: Source, definition: Definition): Problem[] {
  return [
    ...templateProblems(source, definition),
    ...destinationProblems(source, definition),
    ...receiveDtmfProblems(source, definition.tools.receive_dtmf),
    ...outcomeProblems(source, definition),
  ];
}

function templateProblems(source: Source, definition: Definition): Problem[] {
  const { greeting, instructions, limits, tools, variables } = definition;
  /** With the variables that only that template has. */
  const templates: [path: Path, text: string, own?: readonly string[]][] = [[['instructions'], instructions]];
  if (greeting.kind === 'generated') templates.push([['greeting', 'instructions'], greeting.instructions]);
  if (greeting.kind === 'fixed') templates.push([['greeting', 'text'], greeting.text]);
  templates.push([['limits', 'duration_warning', 'text'], limits.duration_warning.text]);
  for (const field of ['duration_goodbye', 'silence_reprompt', 'silence_goodbye'] as const)
    templates.push([['limits', field], limits[field]]);
  const plain: [Path, string | undefined][] = [];
  for (const [name, value] of Object.entries(variables)) plain.push([['variables', name], value]);
  for (const [name, tool] of Object.entries(tools))
    plain.push([['tools', name, 'description'], tool?.description]);
  const { confirmation } = tools.receive_dtmf ?? {};
  for (const field of ['read_back', 'question', 'again'] as const)
    if (confirmation?.[field] !== undefined)
      templates.push([
        ['tools', 'receive_dtmf', 'confirmation', field],
        confirmation[field],
        field === 'read_back' ? ['digits'] : [],
      ]);
  const called = (['transfer_call', 'consult_call'] as const).flatMap((tool) =>
    Object.entries<Reachable & { description: string; introduce?: string | undefined }>(
      tools[tool]?.destinations ?? {},
    ).map(([name, destination]) => [['tools', tool, 'destinations', name], destination] as const),
  );
  for (const [path, destination] of called) {
    templates.push([[...path, 'to'], destination.to]);
    plain.push([[...path, 'description'], destination.description]);
    for (const [header, value] of Object.entries(destination.headers))
      templates.push([[...path, 'headers', header], value]);
    for (const field of ['caller_id', 'display_name', 'introduce'] as const)
      if (destination[field] !== undefined) templates.push([[...path, field], destination[field]]);
  }
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

function outcomeProblems(source: Source, definition: Definition): Problem[] {
  const outcome = definition.tools.end_dialog?.outcome;
  if (!outcome) return [];
  const path = ['tools', 'end_dialog', 'outcome'];
  const wrong = (at: Path, what: string, mend: string) => [
    source.problem([...path, ...at], `${[...path, ...at].join('.')}: ${what}`, mend),
  ];
  if (outcome['type'] !== 'object')
    return wrong(
      ['type'],
      'the outcome is no object',
      'write type: object, and what it holds under properties:',
    );
  if (outcome['$async'] !== undefined) return wrong(['$async'], 'is no JSON Schema', 'take $async out');
  const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false, logger: false });
  try {
    if (!ajv.validateSchema(outcome)) {
      // Of several errors at a place, the one that lists what is allowed says most.
      const places = new Map<string, ErrorObject>();
      for (const error of ajv.errors ?? [])
        if (!places.has(error.instancePath) || error.keyword === 'enum')
          places.set(error.instancePath, error);
      return [...places.values()].slice(0, 5).flatMap((error) => {
        const at = error.instancePath.split('/').slice(1).map(unescapePointer);
        const known = (error.params as { allowedValues?: unknown[] }).allowedValues;
        return wrong(
          at,
          `no valid JSON Schema: ${error.message ?? 'it is invalid'}`,
          known ? `use one of ${known.join(', ')}` : 'see json-schema.org/draft-07',
        );
      });
    }
    ajv.compile(outcome);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return wrong(
      [],
      `no valid JSON Schema: ${reason}`,
      'write a schema of draft-07 that refers to nothing outside of it',
    );
  }
  return [];
}

function unescapePointer(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}
