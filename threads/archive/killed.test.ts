import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { random } from '../../base/random.fixture.ts';
import type { ThreadId } from '../../base/ids.ts';
import { eraseThreads } from '../erase.ts';
import type { Entry, ThreadStart } from '../entry.ts';
import { archivingKey, archiveErasingKey } from '../keys.ts';
import { ORGANIZATION } from '../thread.fixture.ts';
import { append, archiveParts, ended, said } from './archive.fixture.ts';
import { archiveIn } from './archive.ts';
import { dying } from './dying.fixture.ts';

/** KEEPING_SEEDS=100: the long form. */
const LONG = env['KEEPING_SEEDS'] !== undefined;
const SEEDS = Number(env['KEEPING_SEEDS'] ?? 3);
const FIRST = Number(env['KEEPING_SEED'] ?? Date.now() % 1e6);

const parts = await archiveParts();
const { redis, objects, threads, folder, server, write, keep } = parts;
afterAll(parts.close);

beforeEach(clean);

async function clean(): Promise<void> {
  const client = await server.client();
  await client.flushAll();
  client.destroy();
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
}

/** Files of the archive below a folder of the organization; unfinished ones too. */
const files = (of: 'threads' | 'erased') =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() && entry.parentPath.includes(`/${of}/`) ? [entry.name] : [],
  );

const known = new Map<ThreadId, { start: ThreadStart; said: string[] }>();

/** A thread as it should be read: what was said on it, in this order, each once. */
async function expectReadable(id: ThreadId): Promise<void> {
  const expected = known.get(id);
  const thread = await threads.read(ORGANIZATION, id);
  expect(thread?.history.map(({ content }) => content)).toEqual(expected?.said);
}

async function expectListedOnce(): Promise<void> {
  const page = await threads.list(ORGANIZATION, { status: 'ended' }, { limit: 50 });
  expect(page.threads.map(({ id }) => id).sort()).toEqual([...known.keys()].sort());
}

/** Three old threads; one is in the archive already, and something came late to it. */
async function three(): Promise<void> {
  known.clear();
  const first = await write(50, [said('a'), ended]);
  known.set(first.id, { start: first, said: ['a', 'late'] });
  await keep({ daysInRedis: 30 });
  await append(redis, first, 1, 4, [said('late')]);
  for (const text of ['b', 'c']) {
    const start = await write(40, [said(text), ended]);
    known.set(start.id, { start, said: [text] });
  }
}

async function expectAllMoved(): Promise<void> {
  const client = await server.client();
  expect(await client.keys('*:entries:*')).toEqual([]);
  expect(await client.zRange(archivingKey(ORGANIZATION), 0, -1)).toEqual([]);
  client.destroy();
  expect(
    files('threads')
      .map((name) => name.slice(0, 30))
      .sort(),
  ).toEqual([...known.keys()].sort());
  for (const id of known.keys()) await expectReadable(id);
  await expectListedOnce();
}

it(
  'killed at any step of moving, each thread is in one place and one only; who comes next finishes it',
  { timeout: 120_000 },
  async () => {
    // Each of them in the long form; in the short form every other one, from the first or the second on.
    const every = LONG ? 1 : 2;
    let step = FIRST % every;
    for (let through = false; !through; step += every) {
      await clean();
      await three();
      const mortal = dying(redis, objects, step, () => undefined);
      await keep({ daysInRedis: 30 }, { redis: mortal.redis, archive: archiveIn(mortal.objects), lease: 0 });
      through = !mortal.isDead();
      for (const id of known.keys()) await expectReadable(id);
      await expectListedOnce();
      expect(await keep({ daysInRedis: 30 })).toBeUndefined();
      // What the last one replaced goes at the look after it.
      await keep({ daysInRedis: 30 });
      await expectAllMoved();
    }
    expect(step).toBeGreaterThan(40);
  },
);

it(
  'killed at any step of erasing, an erased thread is read no more, and nothing of it is left in the end',
  { timeout: 120_000 },
  async () => {
    for (let step = 0, through = false; !through; step += 3) {
      await clean();
      await three();
      const [id] = known.keys();
      if (id === undefined) throw new Error('no thread');
      const mortal = dying(redis, objects, step, () => undefined);
      const places = {
        redis: mortal.redis,
        archive: archiveIn(mortal.objects),
        clock: systemClock,
      };
      await eraseThreads(places, ORGANIZATION, id).catch(() => undefined);
      through = !mortal.isDead();
      if (through) expect((await threads.erase(ORGANIZATION, id)).erased).toEqual([]);
      else await threads.erase(ORGANIZATION, id);
      known.delete(id);
      await keep({ daysInRedis: 30 });
      await keep({ daysInRedis: 30 });
      await expectAllMoved();
      expect(files('erased')).toEqual([id]);
      expect(await threads.read(ORGANIZATION, id)).toBeUndefined();
    }
  },
);

it(
  'a process that is killed in the midst of it leaves everything readable',
  { timeout: 120_000 },
  async () => {
    const came: string[] = [];
    for (const step of LONG ? [14, 18, 22, 27, 33] : [14, 27]) {
      await clean();
      await three();
      const script = fileURLToPath(new URL('./dying-keeper.fixture.ts', import.meta.url));
      const child = spawn(process.execPath, ['--import', 'tsx', script, server.url, folder, String(step)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      child.stdout.on('data', (chunk) => came.push(String(chunk)));
      const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
      expect(signal).toBe('SIGKILL');
      for (const id of known.keys()) await expectReadable(id);
      await expectListedOnce();
      expect(await keep({ daysInRedis: 30 })).toBeUndefined();
      await keep({ daysInRedis: 30 });
      await expectAllMoved();
    }
    expect(came).toEqual([]);
  },
);

it.each(Array.from({ length: SEEDS }, (_, i) => FIRST + i))(
  'whatever two processes, late entries and erasing do at once, each thread is read exactly once (KEEPING_SEED=%i)',
  { timeout: 120_000 },
  async (seed) => {
    const chance = random(seed);
    known.clear();
    const numbers = new Map<ThreadId, number>();
    for (let i = 0; i < 12; i++) {
      const start = await write(35 + i, [said(`line ${i}`), ended]);
      known.set(start.id, { start, said: [`line ${i}`] });
      numbers.set(start.id, 3);
    }
    let isOver = false;
    // Claims that run out at once: each takes the other for dead all the time.
    const keeper = async () => {
      while (!isOver) expect(await keep({ daysInRedis: 30 }, { lease: 0 })).toBeUndefined();
    };
    const reader = async () => {
      while (!isOver) {
        const page = await threads.list(ORGANIZATION, {}, { limit: 50 });
        const ids = page.threads.map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        for (const [id, { said: lines }] of [...known]) {
          const least = lines.length;
          const thread = await threads.read(ORGANIZATION, id);
          if (!known.has(id)) continue;
          const read = thread?.history.map(({ content }) => content) ?? [];
          expect(new Set(read).size).toBe(read.length);
          expect(read.length).toBeGreaterThanOrEqual(least);
        }
      }
    };
    const erased: ThreadId[] = [];
    const others = async () => {
      for (let i = 0; i < 40; i++) {
        const ids = [...known.keys()];
        const id = ids[chance(ids.length)];
        const thread = id && known.get(id);
        if (!id || !thread) continue;
        if (chance(10) === 0) {
          known.delete(id);
          erased.push(id);
          await threads.erase(ORGANIZATION, id);
        } else {
          const n = (numbers.get(id) ?? 0) + 1;
          numbers.set(id, n);
          const late: Entry = said(`late ${i}`);
          await append(redis, thread.start, 1, n, [late]);
          thread.said.push(`late ${i}`);
        }
      }
      isOver = true;
    };
    await Promise.all([keeper(), keeper(), reader(), others()]);
    for (let i = 0; i < 3; i++) await keep({ daysInRedis: 30 }, { lease: 0 });
    await expectAllMoved();
    expect(files('erased').sort()).toEqual([...erased].sort());
    for (const id of erased) expect(await threads.read(ORGANIZATION, id)).toBeUndefined();
    const client = await server.client();
    expect(await client.zCard(archiveErasingKey(ORGANIZATION))).toBe(0);
    client.destroy();
  },
);
