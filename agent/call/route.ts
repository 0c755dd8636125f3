import { asAttendantError, AttendantError } from '../../base/errors.ts';
import type { AgentName } from '../../base/ids.ts';
import type { Answering, Functions } from '../code/codes.ts';
import { decidedByCode } from '../code/decision.ts';
import type { Definition } from '../definition/definition.ts';
import { type CallFacts, decide } from '../definition/routes/decide.ts';
import type { Rule } from '../definition/routes/schema.ts';
import type { Caller } from './caller.ts';
import type { Exchange } from './exchange.ts';

/** Who answers a call, after the rules of the agent that was called; or that nobody does. */
export type Routed =
  | {
      readonly refused: false;
      readonly definition: Definition;
      readonly version: string;
      readonly functions: Functions | undefined;
      /** `agent/rule`; null where none of its rules fits. */
      readonly route: string | null;
      /** The rule that fits. */
      readonly rule?: Rule | undefined;
    }
  | { readonly refused: true; readonly route: string; readonly error: AttendantError };

/**
 * Asks the code of the agent that was called, and where that says nothing its rules. What they say of variables stands in the definition that
 * comes back; variables that came with the call win over both.
 */
export async function routed(called: Answering, caller: Caller, exchange: Exchange): Promise<Routed> {
  const { definition, functions } = called;
  const vars = { ...definition.variables, ...caller.vars };
  const { networks } = exchange;
  if (functions) {
    try {
      const decided = await decidedByCode(functions, definition, { caller, vars, networks });
      if (decided) return await follow(decided, `${definition.name}/${decided.name}`, called, exchange);
    } catch (thrown) {
      const { code } = asAttendantError(thrown);
      exchange.log.warn(
        { code, agent: definition.name, pii: { error: thrown } },
        'route() of an agent decided nothing that can be done: its rules are asked',
      );
    }
  }
  const { rule } = decide(definition.routes, factsOf(definition, caller, exchange.clock.now()));
  if (!rule) return asItIs(called);
  const route = `${definition.name}/${rule.name}`;
  try {
    return await follow(rule, route, called, exchange);
  } catch (thrown) {
    return { refused: true, route, error: asAttendantError(thrown) };
  }
}

/** @throws AttendantError where the agent that is to answer cannot */
async function follow(rule: Rule, route: string, called: Answering, exchange: Exchange): Promise<Routed> {
  if (rule.refuse)
    return {
      refused: true,
      route,
      error: new AttendantError('E_CALL_REFUSED', `the rule ${route} refuses the call`),
    };
  const answers = rule.agent === undefined ? called : await exchange.definition(rule.agent as AgentName);
  return {
    refused: false,
    definition: {
      ...answers.definition,
      variables: { ...answers.definition.variables, ...rule.vars },
    },
    version: answers.version,
    functions: answers.functions,
    route,
    rule,
  };
}

/** What rules are asked about, of a call with an agent. */
export function factsOf({ variables }: Pick<Definition, 'variables'>, caller: Caller, at: number): CallFacts {
  const { number, dialed, trunk, headers, vars } = caller;
  return { caller: number, dialed, trunk, headers, vars: { ...variables, ...vars }, at };
}

/** The agent that was called answers, and no rule of its own is asked. */
export function asItIs({ definition, version, functions }: Answering): Routed {
  return { refused: false, definition, version, functions, route: null };
}
