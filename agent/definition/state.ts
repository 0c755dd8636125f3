import type { Problem } from '../../base/problem.ts';
import type { Source } from '../../base/source.ts';
import type { Definition } from './definition.ts';
import { patternProblems } from './values.ts';

/** The name under which sensitive digits are kept: as a reference, which HTTP tools alone resolve. Undefined where there is none. */
export function secretStateOf({ tools }: Pick<Definition, 'tools'>): string | undefined {
  return tools.receive_dtmf?.sensitive ? tools.receive_dtmf.store_as : undefined;
}

/**
 * How templates name what a call collects.
 *
 * @param options.secret with those that only HTTP tools may know.
 */
export function stateVariables(definition: Definition, options: { secret: boolean }): string[] {
  const secret = secretStateOf(definition);
  return Object.keys(definition.state)
    .filter((name) => options.secret || name !== secret)
    .map((name) => `state.${name}`);
}

/** What the schema cannot say of state and of handovers: who sets what, and as what. */
export function stateProblems(source: Source, definition: Definition): Problem[] {
  const { state, tools } = definition;
  const { receive_dtmf, set_state, transfer_call, consult_call, http } = tools;
  const secret = secretStateOf(definition);
  const problems: Problem[] = [
    ...patternProblems(source, ['state'], state),
    ...patternProblems(source, ['tools', 'transfer_call', 'handover'], transfer_call?.handover ?? {}),
  ];
  const report = (path: readonly (string | number)[], what: string, mend: string) =>
    problems.push(source.problem(path, `${path.join('.')}: ${what}`, mend));

  const stores: [path: (string | number)[], name: string][] = [
    ...(set_state?.names ?? []).map((name, n): [(string | number)[], string] => [
      ['tools', 'set_state', 'names', n],
      name,
    ]),
    ...Object.entries(http ?? {}).flatMap(([tool, { store }]) =>
      Object.keys(store).map((name): [string[], string] => [['tools', 'http', tool, 'store', name], name]),
    ),
    ...Object.entries(consult_call?.destinations ?? {}).flatMap(([destination, { store }]) =>
      Object.keys(store).map((name): [string[], string] => [
        ['tools', 'consult_call', 'destinations', destination, 'store', name],
        name,
      ]),
    ),
  ];
  for (const [path, name] of stores) {
    if (!Object.hasOwn(state, name)) report(path, `state has no ${name}`, `declare ${name} below state:`);
    else if (name === secret)
      report(path, `${name} holds sensitive digits, and nothing else`, 'give it a name of its own');
  }
  const { store_as } = receive_dtmf ?? {};
  if (store_as !== undefined) {
    const at = ['tools', 'receive_dtmf', 'store_as'];
    if (!Object.hasOwn(state, store_as))
      report(at, `state has no ${store_as}`, `declare ${store_as} below state:, with type: string`);
    else if (state[store_as]?.type !== 'string')
      report(at, `${store_as} is no text`, 'digits can begin with 0: declare it with type: string');
  }
  return problems;
}
