import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import type { Threads } from '../threads/store.ts';
import { USAGE_BY } from '../threads/usage.ts';
import { operation, type Operation } from './operation.ts';
import { named, none } from './schemas.ts';

const DAY = 86_400_000;
/** Days in one answer. */
const MOST_DAYS = 366;
/** Where it is not said since when. */
const USUAL_DAYS = 30;

const used = {
  calls: z.int().describe('that ended; by model: that used it'),
  minutes: z.number().describe('from the answer to the end, of those calls'),
  tokens: z.strictObject({ input: z.int(), cached: z.int().describe('of the input'), output: z.int() }),
  seconds: z.strictObject({
    heard: z.number().describe('of audio that was transcribed'),
    spoken: z.number().describe('of audio that was made'),
  }),
  characters: z.int().describe('that were spoken'),
  cost: z
    .record(z.string(), z.string())
    .describe('amounts by currency, decimal texts with six places; what has no price is not in it'),
  unpriced: z.int().describe('how often something was used that the price file had no price for'),
};

const row = z.strictObject({
  agent: z.string().optional().describe('by agent'),
  day: z.string().optional().describe('by day: `2026-01-31`, UTC'),
  part: z.string().optional().describe('by model: `llm`, `stt`, `tts`, `analysis` or `telephony`'),
  name: z.string().optional().describe('by model: the model’s, or the trunk’s'),
  ...used,
});

const usageSchema = named(
  'Usage',
  z.strictObject({
    from: z.string().describe('the first day'),
    to: z.string().describe('the last day'),
    by: z.enum(USAGE_BY),
    rows: z.array(row).describe('days in order; agents and models with the most calls first'),
    total: z.strictObject(used),
  }),
);

const date = z.iso.date();

/** `/usage`: what an organization's calls used. */
export function usageOperations({
  threads,
  clock,
}: {
  threads: Pick<Threads, 'usage'>;
  clock: Clock;
}): Operation[] {
  return [
    operation({
      id: 'getUsage',
      method: 'GET',
      path: '/usage',
      tag: 'Usage',
      scope: 'read',
      summary: 'What calls used, and what they came to, by agent, day or model',
      description:
        'A call is counted when it ends, for the day (UTC) on which it began, and stays counted when its thread is erased. What a model was ' +
        'asked about a call after its end is added then.',
      params: none,
      query: z.strictObject({
        from: date
          .optional()
          .describe(`the first day, \`2026-01-01\`; ${USUAL_DAYS} days up to \`to\` unless said`),
        to: date.optional().describe('the last day; today unless said'),
        by: z.enum(USAGE_BY).default('day').describe('what each row is of'),
      }),
      answers: [{ status: 200, description: 'Rows, and all of them together', schema: usageSchema }],
      run: async ({ client, query }) => {
        const to = query.to ?? dayAt(clock.now());
        const from = query.from ?? dayAt(Date.parse(to) - (USUAL_DAYS - 1) * DAY);
        const usage = await threads.usage(client.organization, { days: daysBetween(from, to), by: query.by });
        return { from, to, by: query.by, ...usage };
      },
    }),
  ];
}

const dayAt = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** @throws AttendantError E_BAD_REQUEST */
function daysBetween(from: string, to: string): string[] {
  const count = Math.round((Date.parse(to) - Date.parse(from)) / DAY) + 1;
  if (count < 1) throw new AttendantError('E_BAD_REQUEST', 'from: it is behind to');
  if (count > MOST_DAYS) throw new AttendantError('E_BAD_REQUEST', `from: ask for at most ${MOST_DAYS} days`);
  return Array.from({ length: count }, (_, i) => dayAt(Date.parse(from) + i * DAY));
}
