/** One file of the right ones, broken in one way, and what `attendant check` has to say. */
export interface Broken {
  /** What is wrong with it, for the test's name. */
  readonly what: string;
  /** Path in the home. */
  readonly file: string;
  readonly by: Change;
  /** All that is told, each from the line on: `4: E_DEFINITION_INVALID: what is wrong; the mend`. Of another file with its path before it. */
  readonly told: readonly string[];
  /** Whether it is right by itself, and wrong only beside the other files: it is told, and taken over all the same, since those may follow. */
  readonly beside?: true;
  /** The file that `attendant check` is given, of a kind that nobody loads unless it is named. */
  readonly named?: string;
}

export type Change =
  /** This text of the file in place of that one, which stands there once. */
  | readonly [from: string, to: string]
  /** The file as a whole. */
  | { readonly text: string | Buffer }
  /** More lines at its end. */
  | { readonly more: string | Buffer }
  | { readonly linksTo: string }
  | 'a folder'
  | 'a pipe'
  | 'gone';

/** A kind of file: one of the right ones, and what its problems are told with. */
export interface Kind {
  readonly file: string;
  readonly code: string;
  /** See {@link Broken.named}. */
  readonly named?: string;
}

export const DEFINITION: Kind = { file: 'agent/definitions/desk.yaml', code: 'E_DEFINITION_INVALID' };
export const TRUNK: Kind = { file: 'sip-trunks/number.json', code: 'E_TRUNK_INVALID' };
export const PROVIDER: Kind = { file: 'sip-trunks/provider.json', code: 'E_TRUNK_INVALID' };
export const RULE: Kind = { file: 'dispatch-rules/number.json', code: 'E_RULE_INVALID' };
export const NUMBERS: Kind = { file: 'numbers.yaml', code: 'E_NUMBERS_INVALID' };
export const PRICES: Kind = { file: 'prices.yaml', code: 'E_PRICES_INVALID' };
export const KEEPING: Kind = { file: 'keeping.yaml', code: 'E_KEEPING_INVALID' };
const OF_LISTS = { code: 'E_LIST_INVALID', named: 'lists/may.yaml' };
export const LIST: Kind = { file: 'lists/may.yaml', ...OF_LISTS };
export const CALLEES: Kind = { file: 'lists/may.csv', ...OF_LISTS };
export const NEVER: Kind = { file: 'lists/never.txt', ...OF_LISTS };
export const DIALOGUE: Kind = { file: 'speech/dialogues/desk.yaml', code: 'E_DIALOGUE_INVALID' };
export const SCENARIO: Kind = { file: 'rehearsal/scenarios/call.yaml', code: 'E_SCENARIO_INVALID' };
export const SETTINGS: Kind = { file: '.env.local', code: 'E_CONFIG' };

/** The same cases, of files that are wrong only beside others. */
export function beside(broken: readonly Broken[]): Broken[] {
  return broken.map((one) => ({ ...one, beside: true }));
}

/** Cases of one kind, each as what is changed and `line: what is wrong; the mend` of all that is told. */
export function cases(
  { file, code, named }: Kind,
  ...rows: readonly (readonly [by: Change, ...told: readonly string[]])[]
): Broken[] {
  return rows.map(([by, ...told]) => ({
    what: Array.isArray(by)
      ? `${String(by[0]).trim()} as ${String(by[1]).trim()}`
      : JSON.stringify(by).slice(0, 80),
    file,
    by,
    told: told.map((line) => line.replace(/^(\d+): (?!E_)/, `$1: ${code}: `)),
    ...(named !== undefined && { named }),
  }));
}
