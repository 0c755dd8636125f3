import { openDefinitions } from '../agent/definition/definitions.ts';
import { systemClock } from '../base/clock.ts';
import { createLog } from '../base/log.ts';
import { openTracing } from '../base/open-tracing.ts';
import { guardProcess } from '../base/uncaught.ts';
import type { Config } from '../config.ts';
import { connectLiveKit } from '../livekit/client.ts';
import { openLiveEvents } from '../threads/follow.ts';
import { keepThreads } from '../threads/archive/keep.ts';
import { openArchive, readKeeping } from '../threads/keeping-file.ts';
import { connectRedis } from '../threads/redis.ts';
import { recordingFiles } from '../threads/recording-files.ts';
import { recordingPlaces } from './recording-places.ts';
import { claimProvisioning } from '../threads/provisioned.ts';
import { openThreads } from '../threads/store.ts';
import { createApp } from './app.ts';
import { OutboundCalls } from './calls/outbound.ts';
import { checkFiles } from './check-files.ts';
import { readinessChecks } from './checks.ts';
import { hashFirstKeys } from './keys/first-keys.ts';
import { openKeys } from './keys/store.ts';
import { watchJoinedRooms } from './joined-rooms.ts';
import { ListDialing } from './lists/dialing.ts';
import { keptFor } from './lists/kept.ts';
import { KeptNumbers } from './numbers/kept.ts';
import { poolOf } from './numbers/pool.ts';
import { ApiMetrics, outboxDepths } from './metrics.ts';
import { traceDelivery } from './observe.ts';
import { keepProvisioned } from './provisioning.ts';
import { Rate } from './rate.ts';
import { watchReadiness } from './readiness.ts';
import { RoomKeeper } from './rooms/keep.ts';
import { RoomDispatch } from './rooms/room-dispatch.ts';
import { openRoomRules } from './rooms/rules.ts';
import { TrunkLookup } from './rooms/trunk-lookup.ts';
import { serve } from '../base/serve.ts';
import { keepDelivering, type Attempt } from './webhooks/delivery.ts';

/** What its server allows. Milliseconds. */
const API = { name: 'the API', keepAlive: 5_000, grace: 5_000, connections: 1_000 };

/**
 * `attendant api`: serves until the signal aborts. Redis and LiveKit may be away at the start and later: what needs them answers
 * 503 until they are back.
 *
 * @throws AttendantError E_PORT_IN_USE, E_CONFIG, E_KEEPING_INVALID
 */
export async function main(config: Config, signal: AbortSignal): Promise<void> {
  const clock = systemClock;
  const log = createLog('api', config.logLevel);
  guardProcess(log, () => process.exit(1));
  const first = hashFirstKeys(config.apiKeys);
  const keeping = readKeeping(config);
  const archive = openArchive(keeping, clock);
  const definitions = openDefinitions({ ...config, log });
  const recordings = recordingFiles(() => recordingPlaces(definitions, config.env, clock), log);
  const threads = openThreads({ redisUrl: config.redisUrl, archive, recordings, clock, log, signal });
  const redis = connectRedis({ url: config.redisUrl, clock, log: log.child({ of: 'the API' }), signal });
  const events = openLiveEvents({ redis, redisUrl: config.redisUrl, archive, clock, log, signal });
  const livekit = connectLiveKit(config.livekit);
  // Linked, so that it also ends where we end by an error of our own.
  const ending = new AbortController();
  const until = AbortSignal.any([signal, ending.signal]);
  const numbers = new KeptNumbers(threads.numbers, config, log);
  const provisioned = keepProvisioned({
    config,
    livekit,
    taken: () => numbers.now(),
    ask: (mine) => claimProvisioning(redis, mine),
    log,
    clock,
    signal: until,
  });
  const { webhooks, outbox } = threads;
  const { networks } = config;
  const metrics = new ApiMetrics(() => outboxDepths(webhooks, outbox));
  const tracing = await openTracing(config.tracing, 'attendant-api', log);
  const onAttempt = (attempt: Attempt) => {
    metrics.delivered(attempt);
    traceDelivery(tracing, attempt);
  };
  const delivering = keepDelivering({ webhooks, outbox, networks, clock, log, signal: until, onAttempt });
  const { organizations } = keeping;
  const kept = keepThreads({ redis, archive, recordings, organizations, clock, log, signal: until });
  const released = watchJoinedRooms({ livekit, clock, log, signal: until });
  const limits = config.outbound;
  const outbound = new OutboundCalls({ threads, definitions, livekit, limits, clock, log, signal: until });
  const rooms = new RoomDispatch({ threads, definitions, livekit, clock, log });
  const keeper = new RoomKeeper({
    livekit,
    dispatch: rooms,
    roomAgents: threads.roomAgents,
    trunks: new TrunkLookup({ livekit, clock }),
    rules: openRoomRules({ home: config.home, log }),
    clock,
    log,
    signal: until,
  });
  const dialing = new ListDialing({
    ...{ threads, outbound, limits, clock, log },
    lists: threads.lists,
    signal: until,
  });
  const checks = readinessChecks({ threads, livekit, provisioned, models: Object.values(config.models) });
  const app = createApp({
    threads,
    events,
    clock,
    keys: openKeys({ redis, clock, first }),
    rate: new Rate(config.apiRate, clock),
    redis,
    networks,
    agents: {
      definitions,
      sipPort: config.ports.sip,
      problems: () => checkFiles(config),
    },
    outbound,
    rooms,
    hooks: { key: config.livekit, told: (room) => keeper.told(room) },
    lists: { definitions, kept: (organization) => keptFor(organizations.get(organization)) },
    numbers: { pool: poolOf(config), onChange: () => provisioned.wake() },
    readiness: watchReadiness(checks, { clock, log, signal }),
    observing: { metrics, metricsToken: config.metricsToken, tracing },
    log,
  });
  try {
    await serve((request) => app.fetch(request), {
      ...API,
      host: '127.0.0.1',
      port: config.ports.api,
      clock,
      signal,
      onListening: (port) => {
        log.info({ port }, 'the API is listening');
        process.stdout.write(`ready http://127.0.0.1:${port}\n`);
      },
    });
  } finally {
    ending.abort(new Error('the API ends'));
    await Promise.all([
      delivering.ended,
      kept.ended,
      released.ended,
      outbound.ended,
      keeper.ended,
      dialing.ended,
    ]);
    await Promise.all([threads.close(), events.close(), redis.close(), provisioned.ended]);
    await tracing?.close();
  }
}
