import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { asAttendantError, AttendantError, ERRORS } from '../base/errors.ts';
import { errorsPage } from '../base/errors-page.ts';
import type { Log } from '../base/log.ts';
import type { Threads } from '../threads/store.ts';
import type { ApiKeys } from './api-keys.ts';
import { problemResponse } from './problem.ts';
import type { Readiness } from './readiness.ts';
import { threadRoutes, type Caller } from './threads.ts';

/** Bytes that a request may bring. */
const BODY_LIMIT = 64 * 1024;

/**
 * The HTTP API. Everything but health needs the header `api-key`; every error is a problem document (`problem.ts`).
 */
export function createApp(parts: {
  threads: Threads;
  keys: ApiKeys;
  readiness: () => Promise<Readiness>;
  log: Log;
}): Hono<Caller> {
  const { threads, keys, readiness, log } = parts;
  const app = new Hono<Caller>();

  app.use(async (c, next) => {
    await next();
    // Answers hold what callers said and what they wrote into headers: not to be kept, not to be taken for anything else.
    c.res.headers.set('cache-control', 'no-store');
    c.res.headers.set('x-content-type-options', 'nosniff');
  });
  const tooLarge = () =>
    problemResponse(new AttendantError('E_TOO_LARGE', `send at most ${BODY_LIMIT} bytes`));
  app.use(bodyLimit({ maxSize: BODY_LIMIT, onError: tooLarge }));

  app.get('/healthz', (c) => c.json({ status: 'alive' }));
  app.get('/readyz', async (c) => {
    const { ready, checks } = await readiness();
    return c.json({ status: ready ? 'ready' : 'not ready', checks }, ready ? 200 : 503);
  });
  app.get('/errors', (c) => c.body(errorsPage(), 200, { 'content-type': 'text/markdown; charset=utf-8' }));

  const authorize = new Hono<Caller>().use(async (c, next) => {
    const organization = keys.organizationOf(c.req.header('api-key'));
    if (!organization)
      throw new AttendantError('E_UNAUTHORIZED', 'the header api-key is missing or not one of ours');
    c.set('organization', organization);
    await next();
  });
  app.route('/threads', authorize.route('/', threadRoutes(threads)));

  app.notFound(() =>
    problemResponse(new AttendantError('E_NOT_FOUND', 'nothing answers this method on this path')),
  );
  app.onError((thrown, c) => {
    const error = asAttendantError(thrown);
    const { status } = ERRORS[error.code];
    // The path below pii: a UID in the path may well be a telephone number. That Redis or LiveKit is away (503) was said
    // once by who lost it; it must not be said again for each request.
    const level = status === 503 ? 'debug' : status >= 500 ? 'error' : 'trace';
    const { method, path } = c.req;
    log[level](
      { code: error.code, status, method, cause: error.message, stack: error.stack, pii: { path } },
      'a request failed',
    );
    return problemResponse(error);
  });
  return app;
}
