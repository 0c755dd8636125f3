import { z } from 'zod';
import { versionOf } from '../base/file-version.ts';
import type { Problem } from '../base/problem.ts';
import { schemaProblems } from '../base/schema-problems.ts';
import { Source } from '../base/source.ts';

/** Bytes. */
const MOST_TEXT = 256 * 1_024;

/** Not as a floating-point number: YAML's 0.1 is taken as it is written, and 1e-7 has to be written out. */
const price = z
  .union([z.number(), z.string()])
  .transform(String)
  .pipe(z.string().regex(/^\d{1,9}(\.\d{1,9})?$/, 'write a decimal like 0.4 or "0.0000004", not below zero'));

const RATES = [
  'input_per_million',
  'cached_per_million',
  'output_per_million',
  'audio_per_minute',
  'characters_per_million',
] as const;

const model = z
  .strictObject({
    input_per_million: price.optional(),
    cached_per_million: price.optional(),
    output_per_million: price.optional(),
    audio_per_minute: price.optional(),
    characters_per_million: price.optional(),
  })
  .refine(
    (rates) => RATES.some((rate) => rates[rate] !== undefined),
    `give it ${RATES.join(', ')}, those that apply`,
  )
  .refine(
    (rates) => (rates.input_per_million === undefined) === (rates.output_per_million === undefined),
    'input_per_million and output_per_million go together',
  )
  .refine(
    (rates) => rates.cached_per_million === undefined || rates.input_per_million !== undefined,
    'cached_per_million goes with input_per_million',
  );

const trunk = z.strictObject({
  per_minute: price,
  /** Seconds that are begun are paid for whole. */
  increment: z.int().min(1).max(3_600).default(1),
});

const prices = z.strictObject({
  currency: z.string().regex(/^[A-Z]{3}$/, 'write three capital letters like USD'),
  models: z.record(z.string().min(1).max(256), model).default({}),
  trunks: z.record(z.string().min(1).max(256), trunk).default({}),
});

/** What models and trunks cost, as a price file says it. */
export interface Prices extends z.output<typeof prices> {
  /** `sha256:` + hex of the file's text. */
  readonly version: string;
}

export type ParsedPrices =
  | { readonly prices: Prices; readonly problems: readonly [] }
  | { readonly prices: undefined; readonly problems: readonly Problem[] };

/** Reads a price file from its text. All that is wrong is told at once, in the order of its lines. */
export function parsePrices(file: string, text: string): ParsedPrices {
  const source = new Source(file, text, 'E_PRICES_INVALID');
  const wrong = (problems: Problem[]): ParsedPrices => ({
    prices: undefined,
    problems: problems.sort((a, b) => a.line - b.line),
  });
  if (Buffer.byteLength(text) > MOST_TEXT)
    return wrong([source.problem([], `the file has more than ${MOST_TEXT / 1_024} KiB`, 'shorten it', 1)]);
  const read = source.read();
  if ('problems' in read) return wrong(read.problems);
  const parsed = prices.safeParse(read.value);
  if (!parsed.success)
    return wrong(parsed.error.issues.flatMap((issue) => problemsOf(source, issue, read.value)));
  const version = versionOf(text);
  return { prices: { ...parsed.data, version }, problems: [] };
}

function problemsOf(source: Source, issue: z.core.$ZodIssue, value: unknown): Problem[] {
  const { path } = issue;
  const name = path.length > 0 ? path.join('.') : 'the file';
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) =>
      source.problem([...path, key], `unknown key ${[...path, key].join('.')}`, `known are ${knownAt(path)}`),
    );
  if (issue.code === 'invalid_format' || issue.code === 'custom')
    return [source.problem(path, `${name} is not valid`, issue.message)];
  if (path.length === 0)
    return [source.problem([], 'no price file: it holds no keys', 'begin with currency: and models:')];
  return schemaProblems(source, new z.ZodError([issue]), value, { schema: prices, page: 'docs/prices.md' });
}

function knownAt([section, name]: readonly PropertyKey[]): string {
  if (section === 'models' && name !== undefined) return RATES.join(', ');
  if (section === 'trunks' && name !== undefined) return 'per_minute, increment';
  return 'currency, models, trunks';
}
