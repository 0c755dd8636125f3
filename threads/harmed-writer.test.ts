import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { createLog } from '../base/log.ts';
import { random } from '../base/random.fixture.ts';
import type { NumberedEntry, ThreadStart } from './entry.ts';
import { journalPath, readJournal } from './journal.ts';
import { ownRedis } from './own-redis.fixture.ts';
import { readEntries } from './read.ts';
import { openThreads, type Threads } from './store.ts';
import { ORGANIZATION, someStart } from './thread.fixture.ts';

/** `KILLED_WRITERS=50` is the long form; `KILLED_SEED` plays what failed again. */
const WRITERS = Number(env['KILLED_WRITERS'] ?? 4);
const SEED = Number(env['KILLED_SEED'] ?? Date.now() % 1_000_000);
const log = createLog('test', 'silent');
const { signal } = new AbortController();

const { server, redis } = await ownRedis();
let folder: string;
const writers: SteeredWriter[] = [];
const opened: Threads[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'attendant-journal-'));
});
afterEach(async () => {
  for (const writer of writers.splice(0)) await writer.kill();
  for (const threads of opened.splice(0)) await threads.close();
  rmSync(folder, { recursive: true, force: true });
});
/** A worker's process that writes the thread as it is told, on its own. */
class SteeredWriter {
  readonly start: ThreadStart;
  readonly #process: ChildProcess;
  /** How many entries were in no journal, for each line that was written. */
  readonly answers: number[] = [];
  logged = '';

  constructor(start: ThreadStart) {
    this.start = start;
    const script = fileURLToPath(new URL('./steered-writer.fixture.ts', import.meta.url));
    const args = ['--import', 'tsx', script, server.url, folder, JSON.stringify(start)];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process = child;
    createInterface({ input: child.stdout }).on('line', (line) => this.answers.push(Number(line)));
    child.stderr.on('data', (chunk) => (this.logged += String(chunk)));
    child.stdin.on('error', () => undefined); // It was killed while it was being told.
    writers.push(this);
  }

  get journal(): string {
    return journalPath(folder, this.start.id, 1);
  }

  /** Lines that it has said to have written; undefined before it listens. */
  get written(): number {
    return this.answers.length - 1;
  }

  async ready(): Promise<void> {
    await expect.poll(() => this.answers.length, { timeout: 30_000 }).toBeGreaterThan(0);
  }

  tell(...lines: readonly string[]): void {
    for (const line of lines) this.#process.stdin?.write(`${line}\n`);
  }

  async told(...lines: readonly string[]): Promise<void> {
    const before = this.written;
    this.tell(...lines);
    await expect.poll(() => this.written, { timeout: 30_000 }).toBe(before + lines.length);
  }

  /** Lets none of its files grow beyond that: a full disk, for this process alone. */
  mostBytes(bytes: number | 'unlimited'): void {
    execFileSync('prlimit', ['--pid', String(this.#process.pid), `--fsize=${bytes}:`]);
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'close');
    this.#process.kill('SIGKILL');
    await ended;
  }
}

/** What another worker on that disk, or on one of its own, does with threads. */
function openOn(journalFolder: string): Threads {
  const threads = openThreads({ redisUrl: server.url, journalFolder, clock: systemClock, log, signal });
  opened.push(threads);
  return threads;
}

/** The messages on the thread, by epoch and in the order of their numbers; each entry is there once. */
async function messages({ id }: ThreadStart): Promise<string[]> {
  const { entries } = await readEntries(redis, ORGANIZATION, id);
  const numbers = entries.map(({ epoch, n }) => `${epoch}.${n}`);
  expect(new Set(numbers).size, 'each once').toBe(numbers.length);
  return textsOf([...entries].sort((a, b) => a.epoch - b.epoch || a.n - b.n));
}

const textsOf = (entries: readonly NumberedEntry[]): string[] =>
  entries.flatMap(({ entry }) => (entry.kind === 'message' ? [entry.message.content] : []));

async function journalled(path: string): Promise<string[]> {
  const entries: NumberedEntry[] = [];
  for await (const numbered of readJournal(path)) entries.push(numbered);
  return textsOf(entries);
}

it(
  `${WRITERS} writers killed between journal and Redis, which dies too, while others go on: nothing is lost or doubled (KILLED_SEED=${SEED})`,
  { timeout: 60_000 + WRITERS * 15_000 },
  async () => {
    const pick = random(SEED);
    for (let round = 0; round < WRITERS; round++) {
      const first = new SteeredWriter(someStart());
      await first.ready();
      const lines = Array.from({ length: 300 }, (_, i) => `line ${i}`);
      first.tell(...lines);
      const killAt = pick(200);
      await expect.poll(() => first.written, { interval: 1, timeout: 30_000 }).toBeGreaterThanOrEqual(killAt);
      const redisDies = pick(2) === 0;
      if (redisDies) await server.kill();
      await first.kill();
      if (redisDies) await server.start({ empty: pick(2) === 0 });

      // Another worker, on a disk of its own, goes on before anybody has found the journal of the first one.
      const elsewhere = join(folder, 'another machine');
      const taker = openOn(elsewhere);
      await expect.poll(() => taker.ready, { timeout: 20_000 }).toBe(true);
      const second = taker.write(first.start, 2);
      const after = Array.from({ length: pick(20) }, (_, i) => `goes on ${i}`);
      for (const content of after)
        second.append({ kind: 'message', message: { role: 'user', content, created_at: '' } });
      await second.flushed(AbortSignal.timeout(20_000));

      const late = openOn(folder);
      await expect.poll(() => late.ready, { timeout: 20_000 }).toBe(true);
      if (pick(2) === 0) await late.replayThread(first.start.id);
      await late.replayJournals();
      const found = await messages(first.start);
      const early = found.length - after.length;
      expect(early, 'all that it said to have written').toBeGreaterThanOrEqual(first.written);
      expect(found).toEqual([...lines.slice(0, early), ...after]);
      const thread = await late.read(ORGANIZATION, first.start.id);
      expect(thread?.history.map(({ content }) => content)).toEqual(found);
      // Of several on a folder one replays at a time, and the others do not wait for it.
      for (const threads of opened.splice(0)) await threads.close();
    }
  },
);

it(
  'a disk that is full, and then is not: an alarm is given, the writer goes on, and its journal is whole again',
  { timeout: 60_000 },
  async () => {
    const writer = new SteeredWriter(someStart());
    await writer.ready();
    await writer.told('one');
    // Half a line fits.
    writer.mostBytes(statSync(writer.journal).size + 40);
    await writer.told('two', 'three');
    expect(writer.answers.at(-1)).toBe(2);
    expect(writer.logged.match(/E_JOURNAL_FAILED/g)).toHaveLength(1);
    await expect.poll(() => messages(writer.start), { timeout: 20_000 }).toEqual(['one', 'two', 'three']);

    // What no journal has is given to a Redis that lost it all the same.
    await server.kill();
    await server.start({ empty: true });
    await expect
      .poll(() => messages(writer.start).catch(() => []), { timeout: 20_000 })
      .toEqual(['one', 'two', 'three']);

    writer.mostBytes('unlimited');
    await writer.told('four');
    expect(writer.answers.at(-1)).toBe(0);
    expect(await journalled(writer.journal)).toEqual(['one', 'two', 'three', 'four']);
    await writer.kill();
    await server.kill();
    await server.start({ empty: true });
    const next = openOn(folder);
    await expect
      .poll(() => messages(writer.start).catch(() => []), { timeout: 20_000 })
      .toEqual(['one', 'two', 'three', 'four']);
    await next.replayJournals();
    expect(await messages(writer.start)).toEqual(['one', 'two', 'three', 'four']);
  },
);

it(
  'a disk that was full before the thread began: it is in Redis, and in the journal once there is room',
  { timeout: 60_000 },
  async () => {
    const writer = new SteeredWriter(someStart());
    await writer.ready();
    writer.mostBytes(20);
    await writer.told('one');
    expect(writer.answers.at(-1)).toBe(2); // How it started, and the message.
    await expect.poll(() => messages(writer.start), { timeout: 20_000 }).toEqual(['one']);
    expect(existsSync(writer.journal) && statSync(writer.journal).size).toBe(0);
    writer.mostBytes('unlimited');
    await writer.told('two');
    expect(await journalled(writer.journal)).toEqual(['one', 'two']);
    await writer.kill();
    await server.kill();
    await server.start({ empty: true });
    openOn(folder);
    await expect
      .poll(() => messages(writer.start).catch(() => []), { timeout: 20_000 })
      .toEqual(['one', 'two']);
  },
);

it(
  'a Redis that is full takes nothing and loses nothing: all of it is there when it has room',
  { timeout: 60_000 },
  async () => {
    const threads = openOn(folder);
    const start = someStart();
    const writer = threads.write(start, 1);
    await writer.flushed(AbortSignal.timeout(20_000));
    await redis.run((client) => client.configSet('maxmemory', '1'));
    for (let i = 0; i < 100; i++)
      writer.append({ kind: 'message', message: { role: 'user', content: `line ${i}`, created_at: '' } });
    await expect.poll(() => threads.backlog).toBe(100);
    expect(await messages(start)).toEqual([]);
    await redis.run((client) => client.configSet('maxmemory', '0'));
    await writer.flushed(AbortSignal.timeout(20_000));
    expect(await messages(start)).toEqual(Array.from({ length: 100 }, (_, i) => `line ${i}`));
  },
);
