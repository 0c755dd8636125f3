import { asAttendantError, AttendantError } from '../../base/errors.ts';
import type { AgentName } from '../../base/ids.ts';
import type { Definition, LoadedDefinition } from '../definition/definition.ts';
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
      /** `agent/rule`; null where none of its rules fits. */
      readonly route: string | null;
      /** The rule that fits. */
      readonly rule?: Rule | undefined;
    }
  | { readonly refused: true; readonly route: string; readonly error: AttendantError };

/**
 * Asks the rules of the agent that was called. What a rule says of variables stands in the definition that comes back; variables that came with the
 * call win over both.
 */
export function routed(called: LoadedDefinition, caller: Caller, exchange: Exchange): Routed {
  const { definition } = called;
  const { rule } = decide(definition.routes, factsOf(definition, caller, exchange.clock.now()));
  if (!rule) return asItIs(called);
  const route = `${definition.name}/${rule.name}`;
  if (rule.refuse)
    return {
      refused: true,
      route,
      error: new AttendantError('E_CALL_REFUSED', `the rule ${route} refuses the call`),
    };
  let answers: LoadedDefinition;
  try {
    answers = rule.agent === undefined ? called : exchange.definition(rule.agent as AgentName);
  } catch (thrown) {
    return { refused: true, route, error: asAttendantError(thrown) };
  }
  return {
    refused: false,
    definition: {
      ...answers.definition,
      variables: { ...answers.definition.variables, ...rule.vars },
    },
    version: answers.version,
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
export function asItIs({ definition, version }: LoadedDefinition): Routed {
  return { refused: false, definition, version, route: null };
}
