import type { Definition } from '../agent/definition/definition.ts';
import { openDefinitions } from '../agent/definition/definitions.ts';
import { firstStep } from '../agent/definition/flows/next.ts';
import { decide } from '../agent/definition/routes/decide.ts';
import { comparable } from '../agent/definition/routes/pattern.ts';
import type { Rule } from '../agent/definition/routes/schema.ts';
import { openCodes } from '../agent/code/codes.ts';
import { decidedByCode } from '../agent/code/decision.ts';
import type { LoadedDefinition } from '../agent/definition/definition.ts';
import { systemClock } from '../base/clock.ts';
import { asAttendantError, AttendantError } from '../base/errors.ts';
import { type AgentName, isAgentName } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Config } from '../config.ts';
import { readProvisioning } from './provisioning-files.ts';

/** A call that is thought of. */
export interface Imagined {
  readonly from: string;
  readonly to: string;
  /** Who is called, where not the trunk files decide it. */
  readonly agent?: string | undefined;
  /** LiveKit's id of the trunk, for rules that ask for it. */
  readonly trunk?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * Says what would happen to a call: which trunk and dispatch rule it fits, what each rule of the agent says to it, and who answers. Nothing is
 * dialed, and no server asked.
 *
 * @returns lines for people.
 * @throws AttendantError E_DEFINITION_NOT_FOUND, or what is wrong in a file.
 */
export async function explainRoute(config: Config, call: Imagined, log: Log): Promise<string[]> {
  const definitions = openDefinitions({ ...config, log });
  const { name, lines } =
    call.agent === undefined ? calledBy(config, call.to) : { name: call.agent, lines: [] };
  if (name === undefined) return lines;
  if (!isAgentName(name))
    throw new AttendantError('E_DEFINITION_NOT_FOUND', `${name} is no name of an agent`);
  const called = definitions.get(name);
  const { definition } = called;
  const { routes, variables } = definition;
  const headers = Object.fromEntries(
    Object.entries(call.headers).map(([header, value]) => [header.toLowerCase(), value]),
  );
  const vars = { ...variables, ...call.vars };
  const answersOf = (rule: Rule | undefined) =>
    rule?.agent === undefined ? definition : definitions.get(rule.agent as AgentName).definition;
  const byCode = await saidByCode(config, called, { ...call, headers, vars }, log);
  lines.push(...byCode.lines);
  if (byCode.decided) {
    const { agent } = byCode.decided;
    if (agent === undefined || definitions.names().includes(agent as AgentName))
      return [...lines, ...whatFollows(answersOf(byCode.decided), byCode.decided)];
    lines.push(`there is no agent ${agent}, so the rules are asked`);
  }
  const { rule, looked } = decide(routes, {
    caller: call.from,
    dialed: call.to,
    trunk: call.trunk ?? '',
    headers,
    vars,
    at: call.at,
  });
  lines.push(
    routes.rules.length === 0
      ? `the agent ${name} has no rules`
      : `the rules of the agent ${name}, at ${new Date(call.at).toISOString()}:`,
    ...looked.map((one) => `  ${one.rule}: ${one.fits ? 'yes' : 'no'}: ${one.because}`),
  );
  lines.push(...whatFollows(answersOf(rule), rule));
  return lines;
}

/** What the code of the agent says to the call, for people; nothing where it has no route(). */
async function saidByCode(
  { env, networks }: Config,
  called: LoadedDefinition,
  call: Imagined,
  log: Log,
): Promise<{ decided?: Rule; lines: string[] }> {
  if (!called.code) return { lines: [] };
  const { definition } = called;
  const codes = openCodes({ env, clock: systemClock, log });
  try {
    const { functions } = await codes.ready(called);
    if (!functions?.exported.route) return { lines: [] };
    const { from: number, to: dialed, trunk = '', headers, vars } = call;
    const caller = { number, dialed, trunk, headers, vars, name: '', sip_call_id: '', uid: undefined };
    const decided = await decidedByCode(functions, definition, { caller, vars, networks });
    if (!decided) return { lines: [`the code of ${definition.name} says nothing, so its rules are asked`] };
    const what = Object.entries(decided).filter(
      ([key, value]) => !['name', 'when'].includes(key) && JSON.stringify(value ?? {}) !== '{}',
    );
    return {
      decided,
      lines: [`the code of ${definition.name} says ${JSON.stringify(Object.fromEntries(what))}`],
    };
  } catch (thrown) {
    const { code, message } = asAttendantError(thrown);
    return { lines: [`the code of ${definition.name} failed (${code}: ${message}), so its rules are asked`] };
  } finally {
    await codes.close();
  }
}

/** The agent that a number reaches by the files of trunks and dispatch rules. */
function calledBy(config: Config, dialed: string): { name?: string; lines: string[] } {
  const { inbound, rules } = readProvisioning(config);
  const number = comparable(dialed);
  const trunk =
    inbound.find(({ info }) => info.numbers.some((one) => comparable(one) === number)) ??
    inbound.find(({ info }) => info.numbers.length === 0);
  if (!trunk) return { lines: [`no trunk takes ${dialed}: LiveKit SIP refuses the call with 486`] };
  const by = rules.find(({ info }) => info.trunkIds.includes(trunk.info.name));
  if (!by) return { lines: [`the trunk ${trunk.info.name} takes ${dialed}, and no dispatch rule names it`] };
  const name = by.agent.agent ?? dialed.toLowerCase();
  const how = by.agent.agent === undefined ? 'the name that was dialed' : 'the agent that the rule names';
  return {
    name,
    lines: [
      `${dialed} comes by the trunk ${trunk.info.name} and the dispatch rule ${by.info.name}, to ${name} (${how})`,
    ],
  };
}

/** @param answers the definition of the agent that answers. */
function whatFollows(answers: Definition, rule: Rule | undefined): string[] {
  const first = beginning(answers, rule);
  if (!rule) return [`the agent ${answers.name} answers`, ...first];
  if (rule.refuse) return ['the call is refused with 486'];
  return [
    `the agent ${answers.name} answers${rule.greeting ? `, greeting as the rule ${rule.name} says` : ''}`,
    ...(rule.transfer === undefined ? [] : [`then it transfers the caller to ${rule.transfer}`]),
    ...first,
    ...Object.entries(rule.state).map(
      ([name, value]) =>
        `{{state.${name}}} is ${String(value)}${Object.hasOwn(answers.state, name) ? '' : `, which ${answers.name} does not declare: it is not kept`}`,
    ),
    ...Object.entries(rule.vars).map(
      ([name, value]) => `{{vars.${name}}} is ${value} unless the call says else`,
    ),
  ];
}

/** The step that the call begins in, where the agent has steps. */
function beginning(answers: Definition, rule: Rule | undefined): string[] {
  const first = firstStep(answers);
  const step = rule?.flow ?? first;
  if (step === undefined) return [];
  if (Object.hasOwn(answers.flows, step))
    return [`in the step ${step}${rule?.flow === undefined ? '' : `, as the rule ${rule.name} says`}`];
  return [
    `${answers.name} has no step ${step}: it begins ${first === undefined ? 'as always' : `in ${first}`}`,
  ];
}
