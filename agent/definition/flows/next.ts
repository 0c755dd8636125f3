import { objection, type CallFacts } from '../routes/decide.ts';
import type { Definition } from '../definition.ts';

/** The step that calls begin in; undefined where the agent has none. */
export function firstStep({ flow, flows }: Pick<Definition, 'flow' | 'flows'>): string | undefined {
  return flow ?? Object.keys(flows)[0];
}

/** Where the rules of a step send a call at once: the first that fits decides. Undefined where it stays. */
export function nextStep(
  { flows, routes }: Pick<Definition, 'flows' | 'routes'>,
  step: string,
  facts: CallFacts,
): string | undefined {
  const rules = Object.hasOwn(flows, step) ? (flows[step]?.next ?? []) : [];
  return rules.find(({ when }) => objection(when, facts, routes) === undefined)?.goto;
}
