import { z } from 'zod';
import {
  CALL_RESULTS,
  CALLEE_RESULTS,
  type CallList,
  type ShownCallee,
} from '../../threads/lists/call-list.ts';
import { named } from '../schemas.ts';

const time = z.string().describe('RFC 3339');

export const shownListSchema = named(
  'CallList',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    agent: z.string(),
    state: z
      .enum(['running', 'paused', 'finished', 'canceled', 'expired'])
      .describe('of one that is over, why; calls that run then go on'),
    created_at: time,
    starts_at: time,
    expires_at: time,
    ended_at: time.nullable().describe('when its last call was over; null before'),
    pace: z.strictObject({ at_once: z.int(), per_minute: z.int() }),
    total: z.int().describe('callees'),
    waiting: z.int().describe('callees who are to be called'),
    calling: z.int().describe('calls that run'),
    results: z.partialRecord(z.enum(CALLEE_RESULTS), z.int()).describe('callees of whom that became'),
    next_due: time
      .nullable()
      .describe('when somebody is called next, or could be by now; null where nobody is'),
  }),
);

export const listsSchema = named('CallListList', z.strictObject({ lists: z.array(shownListSchema) }));

export const startedSchema = named(
  'StartedList',
  z.strictObject({ id: z.string(), total: z.int(), left_out: z.int().describe('of them, by `do_not_call`') }),
);

export const calleesSchema = named(
  'CalleeList',
  z.strictObject({
    calls: z.array(
      z.strictObject({
        n: z.int().describe('from 1, in the order of the list'),
        to: z.string(),
        uid: z.string().nullable(),
        vars: z.record(z.string(), z.string()),
        time_zone: z.string().nullable(),
        state: z.enum(['waiting', 'calling', 'done']),
        result: z.enum(CALLEE_RESULTS).nullable().describe('null until it is known'),
        due: time.nullable().describe('when they are called; null where they are not'),
        attempts: z.array(
          z.strictObject({
            thread: z.string().describe('its thread’s id'),
            at: time,
            result: z
              .enum([...CALL_RESULTS, 'not_made'])
              .nullable()
              .describe('null while it runs; `not_made`: nobody was dialed, and it counts for nothing'),
            reason: z.string().nullable().describe('that of the thread’s end'),
          }),
        ),
      }),
    ),
    next: z.string().nullable().describe('the cursor of the next page; null where there is none'),
  }),
);

export function listShape(list: CallList): z.input<typeof shownListSchema> {
  const { settings, ...rest } = list;
  const { name, agent, pace } = settings;
  return { ...rest, name, agent, pace, results: { ...rest.results } };
}

export const calleeShape = (callee: ShownCallee): z.input<typeof calleesSchema>['calls'][number] => ({
  ...callee,
  attempts: [...callee.attempts],
});
