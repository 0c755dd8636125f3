import { z } from 'zod';
import { AttendantError } from '../base/errors.ts';
import { isAgentName, isUid } from '../base/ids.ts';
import type { Threads } from '../threads/store.ts';
import { operation, type Operation } from './operation.ts';
import { named, none, withPlus } from './schemas.ts';
import { summarySchema, threadSchema } from './thread-schema.ts';

const listSchema = named(
  'ThreadList',
  z.strictObject({
    threads: z.array(summarySchema).describe('the newest first'),
    next: z.string().nullable().describe('the cursor of the next page; null where there is none'),
  }),
);
const erasedSchema = named(
  'Erased',
  z.strictObject({
    erased: z.array(z.string()).describe('ids of the threads'),
    more: z.boolean().describe('there are more: ask again'),
    recordings: z
      .array(
        z.strictObject({
          thread: z.string(),
          file: z.string(),
          location: z.string().nullable(),
          erased: z.boolean(),
        }),
      )
      .describe(
        'files with what was said; those that are not `erased` are where egress put them, out of our reach',
      ),
    lists: z.int().describe('of people to be called, that the person was taken out of'),
  }),
);

/** Telephone numbers, SIP users and the like. */
const number = withPlus(z.string().min(1).max(256));

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** `field=value`, once or several times. */
const outcome = z
  .union([z.string(), z.array(z.string()).max(8)])
  .transform((given) => [given].flat())
  .pipe(
    z.array(
      z
        .string()
        .max(300)
        .regex(/^[^=]+=[^]*$/, 'write it as field=value'),
    ),
  )
  .transform((pairs) =>
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const),
  );

/** What threads are found by. */
export const threadFilters = z.strictObject({
  uid: z.string().refine(isUid, 'write 1 to 256 printable ASCII characters without spaces').optional(),
  status: z.enum(['active', 'ended']).optional(),
  agent: z.string().refine(isAgentName, 'give the name of an agent').optional(),
  caller: number.optional().describe('the caller’s number, `%2B15550123`'),
  dialed: number.optional().describe('the number or SIP user that was dialed'),
  result: z.enum(['completed', 'transferred', 'failed', 'abandoned']).optional().describe('how it ended'),
  from: time.optional().describe('started at that time or later'),
  to: time.optional().describe('started before that time'),
  outcome: outcome
    .optional()
    .describe('a member of the outcome and its value, `reason=resolved`; several times for several members'),
  search: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .optional()
    .describe(
      'a text that stands in the UID, agent, caller, outcome, transfers, end reason or state, in upper or lower case',
    ),
  limit: z.coerce.number().int().min(1).max(50).default(20),
  cursor: z.string().min(1).max(100).optional().describe('`next` of the page before'),
});

const byKey = z.object({
  key: z.string().max(1_024).describe('a thread’s id, or a UID, which gives the newest of its threads'),
});

/** `/threads`: the record of every call. */
export function threadOperations(threads: Threads): Operation[] {
  const common = { tag: 'Threads' } as const;
  return [
    operation({
      ...common,
      id: 'listThreads',
      method: 'GET',
      path: '/threads',
      scope: 'read',
      summary: 'Threads without their histories, the newest first',
      description:
        'Of several filters all must hold. A page may be shorter than `limit`, or empty, where few of many threads fit: there are more ' +
        'as long as `next` is not null.',
      params: none,
      query: threadFilters,
      answers: [{ status: 200, description: 'A page of them', schema: listSchema }],
      run: ({ client, query: { limit, cursor, search: text, ...filter } }) =>
        threads.list(client.organization, { ...filter, text }, { limit, cursor }),
    }),
    operation({
      ...common,
      id: 'getThread',
      method: 'GET',
      path: '/threads/{key}',
      scope: 'read',
      summary: 'The record of a call, while it runs and after it',
      params: byKey,
      query: none,
      answers: [{ status: 200, description: 'The thread', schema: threadSchema }],
      errors: ['E_THREAD_NOT_FOUND'],
      run: async ({ client, params }) => {
        const thread = await threads.read(client.organization, params.key);
        if (!thread) throw new AttendantError('E_THREAD_NOT_FOUND', 'no thread has this id or UID');
        return thread;
      },
    }),
    operation({
      ...common,
      id: 'eraseThread',
      method: 'DELETE',
      path: '/threads/{key}',
      scope: 'admin',
      summary: 'Erases a thread, or all threads of a UID, for good',
      description:
        'The thread, its entries and events are gone when this answers; journals on the disks of workers within the hour. What a ' +
        'call that still runs says from then on is not recorded.',
      params: z.object({
        key: z.string().max(1_024).describe('a thread’s id, or a UID: then all of its threads'),
      }),
      query: none,
      answers: [{ status: 200, description: 'What was erased', schema: erasedSchema }],
      errors: ['E_THREAD_NOT_FOUND'],
      run: async ({ client, params }) => {
        const done = await threads.erase(client.organization, params.key);
        if (done.erased.length === 0 && done.lists === 0)
          throw new AttendantError('E_THREAD_NOT_FOUND', 'no thread has this id or UID');
        return done;
      },
    }),
    operation({
      ...common,
      id: 'eraseCaller',
      method: 'DELETE',
      path: '/threads',
      scope: 'admin',
      summary: 'Erases all threads of a person, who called or was called, for good',
      description: 'As for one thread. At most 500 at once: ask again while `more` is true.',
      params: none,
      query: z.strictObject({ caller: number.describe('the caller’s number, `%2B15550123`') }),
      answers: [{ status: 200, description: 'What was erased', schema: erasedSchema }],
      run: ({ client, query }) => threads.eraseCaller(client.organization, query.caller),
    }),
  ];
}
