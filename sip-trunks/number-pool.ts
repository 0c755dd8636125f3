import { z } from 'zod';
import type { Problem } from '../base/problem.ts';
import { schemaProblems } from '../base/schema-problems.ts';
import { Source } from '../base/source.ts';

/** A number that organizations can have. */
export interface PoolNumber {
  /** E.164. */
  readonly number: string;
  readonly region: string | undefined;
  /** Name of the inbound trunk that its calls come over. */
  readonly trunk: string;
  /** Whose it may be; anybody's where undefined. */
  readonly organizations: readonly string[] | undefined;
}

/** `numbers.yaml`: the numbers that a provider gave, to be taken over the API. */
export interface NumberPool {
  readonly numbers: readonly PoolNumber[];
  readonly problems: readonly Problem[];
  /** A problem with the number at that place of the file. */
  readonly problem: (index: number, what: string, mend: string) => Problem;
}

/** A number as the world dials it (ITU-T E.164). */
export const E164 = /^\+[1-9][0-9]{6,14}$/;
export const region = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and hyphens');
const MOST = 10_000;

const poolSchema = z.strictObject({
  $schema: z.string().optional(),
  numbers: z
    .array(
      z.strictObject({
        number: z.string().regex(E164, "E.164 and quotes: '+15550111'"),
        region: region.optional(),
        trunk: z.string().min(1).max(128),
        organizations: z.array(z.string().min(1).max(63)).max(1_000).optional(),
      }),
    )
    .max(MOST),
});

/** Reads numbers.yaml from its text. */
export function readNumberPool(file: string, text: string): NumberPool {
  const source = new Source(file, text, 'E_NUMBERS_INVALID');
  const problem = (index: number, what: string, mend: string) =>
    source.problem(['numbers', index, 'number'], what, mend);
  const broken = (problems: readonly Problem[]): NumberPool => ({ numbers: [], problems, problem });
  const read = source.read();
  if ('problems' in read) return broken(read.problems);
  const parsed = poolSchema.safeParse(read.value);
  if (!parsed.success)
    return broken(
      schemaProblems(source, parsed.error, read.value, { schema: poolSchema, page: 'docs/trunks.md' }),
    );
  const numbers = parsed.data.numbers.map(({ number, region, trunk, organizations }) => ({
    number,
    region,
    trunk,
    organizations,
  }));
  const seen = new Set<string>();
  const problems = numbers.flatMap(({ number }, index) => {
    if (seen.has(number)) return [problem(index, `${number} is there twice`, 'keep one of them')];
    seen.add(number);
    return [];
  });
  return { numbers, problems, problem };
}
