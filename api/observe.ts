import type { Hono } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Clock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import { isThreadId } from '../base/ids.ts';
import { OTHER } from '../base/labels.ts';
import type { Tracing } from '../base/tracing.ts';
import { bringsToken, type ApiMetrics } from './metrics.ts';
import type { Attempt } from './webhooks/delivery.ts';
import type { Operation, PublicOperation } from './operation.ts';

/** What watches an API at work. */
export interface Observing {
  readonly metrics: ApiMetrics;
  /** Who reads them has to bring it; without one they are not served. */
  readonly metricsToken: string | undefined;
  readonly tracing: Tracing | undefined;
}

/** Has every request counted and traced, also one that is refused. To be called before anything else is put on the app. */
export function observeRequests(
  app: Hono,
  operations: () => readonly (Operation | PublicOperation)[],
  { metrics, tracing }: Observing,
  clock: Clock,
): void {
  let known: Map<string, Operation | PublicOperation> | undefined;
  app.use(async (c, next) => {
    const began = clock.now();
    await next();
    const ended = clock.now();
    known ??= new Map(operations().map((one) => [`${one.method} ${routeOf(one.path)}`, one]));
    const method = c.req.method === 'HEAD' ? 'GET' : c.req.method;
    const operation = known.get(`${method} ${matchedRoutes(c).at(-1)?.path ?? ''}`);
    const { status } = c.res;
    metrics.answered(operation?.id ?? OTHER, status, ended - began);
    // Looks at health and the page's own files would be most of all traces.
    if (!tracing || !operation || !('scope' in operation)) return;
    const facts = { 'http.request.method': method, 'http.route': operation.path };
    tracing
      .request(operation.id, began, facts, threadIn(c.req.path))
      .end(ended, { 'http.response.status_code': status }, status >= 500);
  });
}

/**
 * Serves `/metrics` to those who bring the token. An API key does not open it: a key is one organization's, the figures are of all, and the API
 * may well be reached from outside through a proxy.
 */
export function mountMetrics(app: Hono, { metrics, metricsToken }: Observing): void {
  if (metricsToken === undefined) return;
  app.get('/metrics', async (c) => {
    if (!bringsToken(c.req.header('authorization'), metricsToken))
      throw new AttendantError(
        'E_UNAUTHORIZED',
        'send the header Authorization: Bearer with the metrics’ token',
      );
    return new Response(await metrics.text(), { headers: { 'content-type': metrics.contentType } });
  });
}

/** Puts an attempt to tell a webhook something into the trace of its call. */
export function traceDelivery(tracing: Tracing | undefined, attempt: Attempt): void {
  const { thread, webhook, event, how, status, began, took } = attempt;
  tracing
    ?.inCall(thread, `webhook ${event}`, began, { 'attendant.webhook': webhook })
    .end(began + took, { 'attendant.result': how, 'http.response.status_code': status }, how !== 'sent');
}

/** An operation's path as the router has it. */
export const routeOf = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

function threadIn(path: string) {
  return path.split('/').find(isThreadId);
}
