import { createLog } from '../base/log.ts';
import { FIRST, noRooms, shippedAgents } from '../api/app.fixture.ts';
import { createApp } from '../api/app.ts';
import { hashFirstKeys } from '../api/keys/first-keys.ts';
import { openKeys } from '../api/keys/store.ts';
import { Rate } from '../api/rate.ts';
import { systemClock } from '../base/clock.ts';
import { isUid, type Uid } from '../base/ids.ts';
import { AllowedNetworks } from '../base/networks.ts';
import { serve } from '../base/serve.ts';
import type { Entry } from '../threads/entry.ts';
import { openLiveEvents } from '../threads/follow.ts';
import { connectRedis } from '../threads/redis.ts';
import { RedisServer } from '../threads/redis-server.fixture.ts';
import { appendEntries } from '../threads/append.ts';
import { batchLength, Items } from '../threads/send.ts';
import { openThreads } from '../threads/store.ts';
import { someStart } from '../threads/thread.fixture.ts';

/**
 * How fast threads are read over HTTP: 1,000 of 100 entries each, in a Redis of its own that writes every change to its disk.
 * Prints a table; `npm run bench:threads`.
 */
const THREADS = 1_000;
const ENTRIES = 100;
const ASKED = 500;

const log = createLog('bench', 'silent');
const clock = systemClock;
const stop = new AbortController();
const server = await RedisServer.start();
const connection = { clock, log, signal: stop.signal };
const redis = connectRedis({ url: server.url, ...connection });
await new Promise<void>((resolve) => redis.onReady(resolve));
const threads = openThreads({ redisUrl: server.url, ...connection });

const at = new Date(clock.now()).toISOString();
const uidOf = (i: number): Uid => {
  const uid = `uid-${i}`;
  if (!isUid(uid)) throw new Error(uid);
  return uid;
};

/** One call: 100 entries, of them 95 sentences, a collection of digits and an outcome. */
async function write(i: number): Promise<void> {
  const caller = { ...someStart().caller, number: `+1555${String(i % 50).padStart(7, '0')}` };
  const start = someStart({
    uid: uidOf(i),
    caller,
    started_at: new Date(clock.now() - i * 1_000).toISOString(),
  });
  const content = 'The parcel left our warehouse yesterday and should arrive within two days. '.repeat(2);
  const entries: Entry[] = [
    { kind: 'started', start },
    { kind: 'answered', at },
  ];
  while (entries.length < ENTRIES - 3)
    entries.push({ kind: 'message', message: { role: 'user', content, created_at: at } });
  entries.push(
    { kind: 'digits', collection: { digits: '123456789', terminator: '#', ended_by: 'terminator' }, at },
    { kind: 'outcome', outcome: { reason: i % 10 === 0 ? 'unresolved' : 'resolved', customer: i }, at },
    { kind: 'ended', end_reason: { result: 'completed', reason: 'end_dialog' }, at },
  );
  const made = new Items();
  let items = entries.map((entry, n) => made.next({ epoch: 1, n: n + 1, entry }));
  while (items.length > 0) {
    const batch = items.slice(0, batchLength(items));
    await appendEntries(redis, start, 1, batch);
    items = items.slice(batch.length);
  }
}

const begun = performance.now();
for (let i = 0; i < THREADS; i += 20) await Promise.all(Array.from({ length: 20 }, (_, j) => write(i + j)));
const written = performance.now() - begun;

const events = openLiveEvents({ redis, redisUrl: server.url, ...connection });
const app = createApp({
  threads,
  events,
  clock,
  redis,
  keys: openKeys({ redis, clock, first: hashFirstKeys(FIRST) }),
  rate: new Rate(1e9, clock),
  networks: new AllowedNetworks(),
  agents: shippedAgents(),
  lists: { ...shippedAgents(), kept: () => 0 },
  numbers: { pool: () => [], onChange: () => undefined },
  outbound: { place: () => Promise.reject(new Error('nobody is called')) },
  ...noRooms(),
  readiness: () => Promise.resolve({ ready: true, checks: {} }),
  log,
});
let listening: (port: number) => void = () => undefined;
const port = new Promise<number>((resolve) => (listening = resolve));
const limits = { keepAlive: 5_000, grace: 1_000, connections: 100 };
const serving = serve((request) => app.fetch(request), {
  name: 'the benchmark',
  host: '127.0.0.1',
  port: 0,
  ...limits,
  clock,
  signal: stop.signal,
  onListening: listening,
});
const url = `http://127.0.0.1:${await port}`;

/** Asks one after the other, as one client does. */
async function measure(name: string, path: (i: number) => string): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < ASKED; i++) {
    const before = performance.now();
    const response = await fetch(`${url}${path(i)}`, { headers: { 'api-key': 'dev-key' } });
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`${path(i)} answers ${response.status}`);
    times.push(performance.now() - before);
  }
  times.sort((a, b) => a - b);
  const share = (part: number) => (times[Math.floor(part * (times.length - 1))] ?? 0).toFixed(1).padStart(7);
  process.stdout.write(`${name.padEnd(46)}${share(0.5)}${share(0.95)}${share(0.99)}${share(1)}\n`);
}

const any = (i: number) => (i * 7_919) % THREADS;
process.stdout.write(
  `${THREADS} threads of ${ENTRIES} entries, written in ${(written / 1000).toFixed(1)} s; ${ASKED} requests each over HTTP, milliseconds\n`,
);
process.stdout.write(`${''.padEnd(46)}    p50    p95    p99    max\n`);
await measure('get by UID, 100 entries', (i) => `/threads/${uidOf(any(i))}`);
await measure('list, the newest 20', () => '/threads');
await measure('list, 50', () => '/threads?limit=50');
await measure('list by caller', (i) => `/threads?caller=%2B1555${String(i % 50).padStart(7, '0')}`);
await measure(
  'list by outcome, agent and status',
  () => '/threads?outcome=reason=unresolved&agent=sip-call-center&status=ended',
);
await measure('list by an outcome that one thread has', (i) => `/threads?outcome=customer=${any(i)}`);
await measure('search a text that one thread has', (i) => `/threads?search=uid-${any(i)}&limit=1`);

stop.abort(new Error('done'));
await serving;
await Promise.all([threads.close(), events.close(), redis.close()]);
await server.remove();
process.exit(0);
