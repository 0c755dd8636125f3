import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { thisProcess } from './alive.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { createLog } from '../base/log.ts';
import type { ThreadStart } from './entry.ts';
import { Journal, journalPath } from './journal.ts';
import { readThread } from './read.ts';
import { connectRedis, type Redis } from './redis.ts';
import { RedisServer } from './redis-server.fixture.ts';
import { replayFolder, replayThread } from './replay.ts';
import { openThreads } from './store.ts';
import { ORGANIZATION, someStart } from './thread.fixture.ts';

const log = createLog('test', 'silent');
const DAY = 86_400_000;
const NOWHERE = 'redis://127.0.0.1:1';
const signal = new AbortController().signal;

let server: RedisServer;
let redis: Redis;
let folder: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
  redis = connectRedis({ url: server.url, clock: systemClock, log, signal });
  await new Promise<void>((resolve) => redis.onReady(resolve));
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'attendant-journal-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  rmSync(folder, { recursive: true, force: true });
});
afterAll(async () => {
  await redis.close();
  await server.remove();
});

/** A process of its own that writes a thread while Redis is away, and lives on. */
async function writeElsewhere(start: ThreadStart, count: number): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('./dying-writer.fixture.ts', import.meta.url));
  const args = ['--import', 'tsx', script, NOWHERE, folder, JSON.stringify(start), String(count)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

const replay = (clock: Clock = systemClock) =>
  replayFolder({ folder, redis, keep: 3 * DAY, clock, log, signal });
const inDays = (days: number): Clock => ({ ...systemClock, now: () => Date.now() + days * DAY });
const history = async (start: ThreadStart) =>
  (await readThread(redis, ORGANIZATION, start.id))?.history.map((message) => message.content);

it(
  'leaves the journal of a worker that lives alone, and replays that of one that was killed',
  { timeout: 60_000 },
  async () => {
    const start = someStart();
    const child = await writeElsewhere(start, 150);
    expect(await replay(inDays(30))).toEqual({ sent: 0, removed: 0 });
    expect(await history(start)).toBeUndefined();

    await kill(child);
    expect(await replay()).toEqual({ sent: 1, removed: 0 });
    expect(await history(start)).toEqual(Array.from({ length: 150 }, (_, i) => `line ${i}`));
    expect(await replay()).toEqual({ sent: 0, removed: 0 });
  },
);

it('is done by the next worker on that disk as soon as Redis is there', { timeout: 60_000 }, async () => {
  const start = someStart();
  await kill(await writeElsewhere(start, 3));
  const threads = openThreads({
    redisUrl: server.url,
    journalFolder: folder,
    clock: systemClock,
    log,
    signal,
  });
  await expect.poll(() => history(start), { timeout: 10_000 }).toEqual(['line 0', 'line 1', 'line 2']);
  await threads.close();
});

it('keeps a journal past the end of its call, and removes it once it is old and all of it is in Redis', async () => {
  const start = someStart();
  const journal = new Journal(folder, start, 1);
  journal.append({ epoch: 1, n: 1, entry: { kind: 'started', start } });
  journal.close();
  expect(await replay(inDays(2))).toEqual({ sent: 1, removed: 0 });
  expect(existsSync(journal.path)).toBe(true);
  expect(await replay(inDays(4))).toEqual({ sent: 0, removed: 1 });
  expect(existsSync(journal.path)).toBe(false);
});

it('does not remove what Redis has not taken', async () => {
  const start = someStart();
  const journal = new Journal(folder, start, 1);
  journal.append({ epoch: 1, n: 1, entry: { kind: 'started', start } });
  journal.close();
  const away = connectRedis({ url: NOWHERE, clock: systemClock, log, signal });
  const failing = replayFolder({ folder, redis: away, keep: 0, clock: inDays(9), log, signal });
  await expect(failing).rejects.toMatchObject({ code: 'E_REDIS_UNREACHABLE' });
  await away.close();
  expect(existsSync(journal.path)).toBe(true);
  expect(readdirSync(folder)).not.toContain('replay.lock');
});

it('brings back what a Redis lost of calls that are over', async () => {
  const start = someStart();
  const journal = new Journal(folder, start, 1);
  journal.append({ epoch: 1, n: 1, entry: { kind: 'started', start } });
  journal.close();
  await replay();
  const client = await server.client();
  await client.flushAll();
  await client.close();
  expect(await replay()).toEqual({ sent: 1, removed: 0 });
  expect(await history(start)).toEqual([]);
});

it('is done by one process at a time, and a lock of a dead one holds nobody up', async () => {
  const start = someStart();
  const journal = new Journal(folder, start, 1);
  journal.append({ epoch: 1, n: 1, entry: { kind: 'started', start } });
  journal.close();
  writeFileSync(join(folder, 'replay.lock'), JSON.stringify(thisProcess()));
  expect(await replay()).toEqual({ sent: 0, removed: 0 });
  writeFileSync(join(folder, 'replay.lock'), JSON.stringify({ ...thisProcess(), started: 'another boot:1' }));
  expect(await replay()).toEqual({ sent: 1, removed: 0 });
});

it(
  'of one thread is done at once: while another process has the lock, and though the writer only hangs',
  { timeout: 60_000 },
  async () => {
    const start = someStart();
    const child = await writeElsewhere(start, 3);
    child.kill('SIGSTOP');
    writeFileSync(join(folder, 'replay.lock'), JSON.stringify(thisProcess()));
    const other = new Journal(folder, someStart(), 1);
    other.append({ epoch: 1, n: 1, entry: { kind: 'started', start } });
    await replayThread(folder, start.id, redis);
    expect(await history(start)).toEqual(['line 0', 'line 1', 'line 2']);
    await replayThread(folder, start.id, redis);
    expect(await history(start)).toEqual(['line 0', 'line 1', 'line 2']);
  },
);

it('goes on past a journal that cannot be used, and removes it when it is old', async () => {
  const start = someStart();
  writeFileSync(journalPath(folder, someStart().id, 1), '{"journal":1,"thr');
  const journal = new Journal(folder, start, 1);
  journal.append({ epoch: 1, n: 1, entry: { kind: 'started', start } });
  journal.close();
  expect(await replay()).toEqual({ sent: 1, removed: 0 });
  expect(await replay(inDays(4))).toEqual({ sent: 0, removed: 2 });
});
