import { z } from 'zod';
import { AttendantError } from '../base/errors.ts';
import { isThreadId, isUid } from '../base/ids.ts';
import type { Threads } from '../threads/store.ts';
import { operation, type Operation } from './operation.ts';
import { named, none } from './schemas.ts';
import { threadSchema } from './thread-schema.ts';

const listSchema = named('ThreadList', z.strictObject({ threads: z.array(threadSchema), more: z.boolean() }));

const query = z.strictObject({
  uid: z.string().refine(isUid, 'write 1 to 256 printable ASCII characters without spaces'),
  limit: z.coerce.number().int().min(1).max(50).default(20),
  before: z.string().refine(isThreadId, 'give the id of a thread').optional(),
});

/** `GET /threads/{key}` and `GET /threads?uid=`. */
export function threadOperations(threads: Threads): Operation[] {
  const common = { tag: 'Threads', method: 'GET', scope: 'read' } as const;
  return [
    operation({
      ...common,
      id: 'listThreads',
      path: '/threads',
      summary: 'All threads of a UID, the newest first',
      params: none,
      query,
      answers: [{ status: 200, description: 'A page of them', schema: listSchema }],
      run: ({ client, query: { uid, limit, before } }) =>
        threads.list(client.organization, uid, { limit, before }),
    }),
    operation({
      ...common,
      id: 'getThread',
      path: '/threads/{key}',
      summary: 'The record of a call, while it runs and after it',
      params: z.object({
        key: z.string().describe('a thread’s id, or a UID, which gives the newest of its threads'),
      }),
      query: none,
      answers: [{ status: 200, description: 'The thread', schema: threadSchema }],
      errors: ['E_THREAD_NOT_FOUND'],
      run: async ({ client, params }) => {
        const thread = await threads.read(client.organization, params.key);
        if (!thread) throw new AttendantError('E_THREAD_NOT_FOUND', 'no thread has this id or UID');
        return thread;
      },
    }),
  ];
}
