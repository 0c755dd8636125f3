import { AgentDispatch, Room } from '@livekit/protocol';
import { join } from 'node:path';
import { type Definitions, openDefinitions } from '../agent/definition/definitions.ts';
import { parseDefinition } from '../agent/definition/load.ts';
import { systemClock } from '../base/clock.ts';
import type { AgentName, Organization, Uid } from '../base/ids.ts';
import { createLog } from '../base/log.ts';
import { AllowedNetworks } from '../base/networks.ts';
import { connectLiveKit, type LiveKit } from '../livekit/client.ts';
import { WORKER_NAME } from '../livekit/worker-name.ts';
import type { PoolNumber } from '../sip-trunks/number-pool.ts';
import { openLiveEvents } from '../threads/follow.ts';
import { connectRedis } from '../threads/redis.ts';
import { RedisServer } from '../threads/redis-server.fixture.ts';
import { openThreads } from '../threads/store.ts';
import { someStart } from '../threads/thread.fixture.ts';
import type { AgentFiles } from './agents.ts';
import { type AppParts, createApp } from './app.ts';
import { OutboundCalls } from './calls/outbound.ts';
import { hashFirstKeys } from './keys/first-keys.ts';
import { openKeys } from './keys/store.ts';
import { Rate } from './rate.ts';
import { RoomDispatch } from './rooms/room-dispatch.ts';

/** The first keys of a test's API, one for each of two organizations. */
export const FIRST = [
  { organization: 'default', key: 'dev-key' },
  { organization: 'acme', key: 'other-key' },
];

const log = createLog('test', 'silent');

/** The agents that come with the repository. */
export function shippedAgents(): AgentFiles {
  const root = join(import.meta.dirname, '..');
  const definitions = openDefinitions({ home: root, root, env: {}, log });
  return { definitions, sipPort: 5060, problems: () => [] };
}

/** Numbers that may be taken. */
const POOL: readonly PoolNumber[] = ['+15550111', '+15550112', '+15550113', '+15550114'].map((number) => ({
  number,
  region: number === '+15550114' ? 'north' : 'south',
  trunk: 'provider',
  organizations: number === '+15550114' ? ['default'] : undefined,
}));

const REMINDER = `name: reminder
greeting: { kind: fixed, text: 'Your appointment is tomorrow.' }
instructions: Remind people of appointments.
outbound:
  allow: ['+1555*', 'sip:*@pbx.example.com']
  never: ['+15559*']
  trunks: [provider, backup]
  caller_ids: ['+15550100', '+15550101']
`;

/** Those, and one that calls people. */
export function callingAgents(): Definitions {
  const { definitions } = shippedAgents();
  const file = 'reminder.yaml';
  const { definition, problems } = parseDefinition(file, REMINDER);
  if (!definition) throw new Error(JSON.stringify(problems));
  const reminder = { definition, version: 'sha256:1', text: REMINDER, file };
  return {
    get: (name) => (name === definition.name ? reminder : definitions.get(name)),
    names: () => [...definitions.names(), definition.name as AgentName],
  };
}

/** The key that LiveKit has in tests of the API. */
export const LIVEKIT_KEY = { apiKey: 'key', apiSecret: 'x'.repeat(32) };

/** A LiveKit that is away. */
export const noLiveKit = () => connectLiveKit({ url: 'ws://127.0.0.1:9', ...LIVEKIT_KEY });

/** A LiveKit with one room, `lobby`, of the organization `default`, in which nobody is. */
const lobby = {
  rooms: {
    list: (_signal: AbortSignal, names: readonly string[] = ['lobby']) =>
      Promise.resolve(names.includes('lobby') ? [new Room({ sid: 'RM_lobby', name: 'lobby' })] : []),
    participants: () => Promise.resolve([]),
  },
  dispatch: {
    list: () =>
      Promise.resolve([
        new AgentDispatch({ agentName: WORKER_NAME, metadata: '{"organization":"default"}' }),
      ]),
  },
} as unknown as LiveKit;

/** Of an API to which nobody sends agents. */
export const noRooms = (): Pick<AppParts, 'rooms' | 'hooks'> => {
  const nothing = () => Promise.reject(new Error('no agent is sent'));
  return {
    rooms: { send: nothing, list: nothing, takeOut: nothing },
    hooks: { key: LIVEKIT_KEY, told: () => undefined },
  };
};

/** What the API of a test stands on: a Redis of its own, and the parts that an app is made of. */
export async function apiParts() {
  const server = await RedisServer.start();
  const stop = new AbortController();
  const connection = { clock: systemClock, log, signal: stop.signal };
  const redis = connectRedis({ url: server.url, ...connection });
  const threads = openThreads({ redisUrl: server.url, ...connection });
  await new Promise<void>((resolve) => redis.onReady(resolve));
  await new Promise<void>((resolve) => {
    const look = () => (threads.ready ? resolve() : setImmediate(look));
    look();
  });
  const keys = openKeys({ redis, clock: systemClock, first: hashFirstKeys(FIRST) });
  const networks = new AllowedNetworks();
  const agents = shippedAgents();
  /** Rooms that webhooks of LiveKit told of. */
  const told: string[] = [];
  const events = openLiveEvents({ redis, redisUrl: server.url, ...connection });
  const parts = {
    threads,
    events,
    clock: systemClock,
    redis,
    keys,
    networks,
    agents,
    rate: new Rate(100_000, systemClock),
    outbound: new OutboundCalls({
      threads,
      definitions: callingAgents(),
      livekit: noLiveKit(),
      limits: { calls: 1_000, perMinute: 1_000 },
      ...connection,
    }),
    rooms: new RoomDispatch({ threads, definitions: agents.definitions, livekit: lobby, ...connection }),
    hooks: { key: LIVEKIT_KEY, told: (room: string) => void told.push(room) },
    told,
    lists: { definitions: callingAgents(), kept: () => 60_000 },
    numbers: { pool: () => POOL, onChange: () => undefined },
    log,
  };
  const readiness = () => Promise.resolve({ ready: true, checks: {} });
  const app = createApp({ ...parts, readiness });
  return {
    ...parts,
    readiness,
    server,
    app,
    /** Asks the app; a body is sent as JSON. */
    ask: (
      method: string,
      path: string,
      { key, body, headers = {} }: { key?: string; body?: unknown; headers?: Record<string, string> } = {},
    ): Promise<Response> =>
      Promise.resolve(
        app.request(path, {
          method,
          headers: {
            ...(key !== undefined && { 'api-key': key }),
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        }),
      ),
    /** Writes a thread; resolves when Redis has it. */
    write: async (uid: string, organization = 'default') => {
      const start = someStart({ uid: uid as Uid, organization: organization as Organization });
      const writer = threads.write(start, 1);
      await writer.flushed(AbortSignal.timeout(10_000));
      return { id: start.id, writer };
    },
    close: async () => {
      stop.abort(new Error('test over'));
      await parts.outbound.ended;
      await Promise.all([threads.close(), events.close(), redis.close()]);
      await server.remove();
    },
  };
}
