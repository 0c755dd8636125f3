import { Hono } from 'hono';
import { z } from 'zod';
import { AttendantError } from '../base/errors.ts';
import { isThreadId, isUid, type Organization } from '../base/ids.ts';
import type { Threads } from '../threads/store.ts';

/** What a route knows of its caller once the key was found good. */
export interface Caller {
  Variables: { organization: Organization };
}

const query = z.object({
  uid: z.string().refine(isUid, 'write 1 to 256 printable ASCII characters without spaces'),
  limit: z.coerce.number().int().min(1).max(50).default(20),
  before: z.string().refine(isThreadId, 'give the id of a thread').optional(),
});

/** `GET /threads/{key}` and `GET /threads?uid=`. */
export function threadRoutes(threads: Threads): Hono<Caller> {
  const routes = new Hono<Caller>();

  routes.get('/', async (c) => {
    const asked = query.safeParse(c.req.query());
    if (!asked.success) throw malformed(asked.error);
    const { uid, limit, before } = asked.data;
    return c.json(await threads.list(c.get('organization'), uid, { limit, before }));
  });

  routes.get('/:key', async (c) => {
    const thread = await threads.read(c.get('organization'), c.req.param('key'));
    if (!thread) throw new AttendantError('E_THREAD_NOT_FOUND', 'no thread has this id or UID');
    return c.json(thread);
  });

  return routes;
}

function malformed(error: z.ZodError): AttendantError {
  const issues = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  return new AttendantError('E_BAD_REQUEST', issues.join('; '), { cause: error });
}
