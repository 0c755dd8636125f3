import { Hono } from 'hono';
import { asAttendantError, AttendantError, ERRORS, framesOf } from '../base/errors.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { AllowedNetworks } from '../base/networks.ts';
import type { LiveEvents } from '../threads/follow.ts';
import type { Threads } from '../threads/store.ts';
import { refuseLarge } from './body.ts';
import type { OutboundCalls } from './calls/outbound.ts';
import { placingOperations } from './calls/place.ts';
import { listOperations, type ListParts } from './lists/routes.ts';
import { numberOperations, type NumberParts } from './numbers/routes.ts';
import { cdrOperations } from './cdr/routes.ts';
import { eventOperations } from './events.ts';
import { commandOperations } from './calls/commands.ts';
import { liveOperations } from './calls/live.ts';
import { agentOperations, type AgentFiles } from './agents.ts';
import { healthOperations } from './health.ts';
import { keyOperations } from './keys/routes.ts';
import { mount, mountPublic, type Gate } from './mount.ts';
import { mountMetrics, observeRequests, type Observing } from './observe.ts';
import { openApi, type OpenApi } from './openapi.ts';
import type { PublicOperation } from './operation.ts';
import { mountPage } from './page/page.ts';
import { problemResponse } from './problem.ts';
import type { Readiness } from './readiness.ts';
import { referenceOperations } from './reference.ts';
import type { RoomDispatch } from './rooms/room-dispatch.ts';
import { roomOperations } from './rooms/routes.ts';
import { liveKitOperations, type LiveKitHooks } from './rooms/webhook.ts';
import { threadOperations } from './threads.ts';
import { usageOperations } from './usage.ts';
import { webhookOperations } from './webhooks/routes.ts';

/** What the API is made of. */
export interface AppParts extends Gate {
  readonly threads: Threads;
  readonly events: LiveEvents;
  readonly clock: Clock;
  /** Where webhooks may be besides the public internet. */
  readonly networks: AllowedNetworks;
  readonly agents: AgentFiles;
  readonly outbound: Pick<OutboundCalls, 'place'>;
  readonly rooms: Pick<RoomDispatch, 'send' | 'list' | 'takeOut'>;
  readonly hooks: Omit<LiveKitHooks, 'redis' | 'clock'>;
  readonly lists: Pick<ListParts, 'kept' | 'definitions'>;
  readonly numbers: Pick<NumberParts, 'pool' | 'onChange'>;
  readonly readiness: () => Promise<Readiness>;
  /** Left out where nobody looks. */
  readonly observing?: Observing;
  readonly log: Log;
}

/**
 * The HTTP API. Every operation is declared once (`operation.ts`), which makes its route and its place in the OpenAPI document. All
 * but health, and what LiveKit tells, need the header `api-key`; every error is a problem document (`problem.ts`).
 */
export function createApp(parts: AppParts): Hono {
  const { threads, keys, readiness, log } = parts;
  const app = new Hono();
  const { observing } = parts;
  if (observing) observeRequests(app, () => [...operations, ...open], observing, parts.clock);

  app.use(async (c, next) => {
    await next();
    // Answers hold what callers said and what they wrote into headers: not to be kept, not to be taken for anything else.
    c.res.headers.set('cache-control', 'no-store');
    c.res.headers.set('x-content-type-options', 'nosniff');
  });
  app.use(async (c, next) => {
    const { method, path } = c.req;
    const asked = operations.find((one) => one.method === method && one.path === path);
    refuseLarge(c.req.raw, asked?.bodyLimit);
    await next();
  });

  let document: OpenApi | undefined;
  const { webhooks, outbox } = threads;
  const operations = [
    ...threadOperations(threads),
    ...cdrOperations(threads),
    ...eventOperations({ ...parts, metrics: observing?.metrics }),
    ...placingOperations(parts.outbound),
    ...listOperations({
      ...parts.lists,
      lists: threads.lists,
      clock: parts.clock,
      log,
    }),
    ...liveOperations({ threads, definitions: parts.agents.definitions }),
    ...commandOperations(threads),
    ...agentOperations(parts.agents),
    ...roomOperations(parts.rooms),
    ...usageOperations(parts),
    ...numberOperations({
      ...parts.numbers,
      numbers: threads.numbers,
      definitions: parts.agents.definitions,
      clock: parts.clock,
    }),
    ...webhookOperations({ webhooks, outbox, networks: parts.networks }),
    ...keyOperations(keys),
  ];
  const open: PublicOperation[] = [
    ...healthOperations(readiness),
    ...liveKitOperations({ ...parts, ...parts.hooks }),
    ...referenceOperations(() => (document ??= openApi(operations, open))),
  ];
  mountPublic(app, open);
  if (observing) mountMetrics(app, observing);
  mountPage(app);
  mount(app, operations, parts);

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
      { code: error.code, status, method, cause: error.message, at: framesOf(thrown), pii: { path } },
      'a request failed',
    );
    return problemResponse(error);
  });
  return app;
}
