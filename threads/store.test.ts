import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import type { Uid } from '../base/ids.ts';
import { createLog } from '../base/log.ts';
import type { Entry } from './entry.ts';
import { foldThread } from './fold.ts';
import { RedisServer } from './redis-server.fixture.ts';
import { openThreads, type Threads } from './store.ts';
import { ORGANIZATION, someStart } from './thread.fixture.ts';

const log = createLog('test', 'silent');
const at = '2026-01-01T00:00:00.000Z';
const within = (ms = 10_000) => AbortSignal.timeout(ms);
const said = (content: string): Entry => ({
  kind: 'message',
  message: { role: 'user', content, created_at: at },
});

let server: RedisServer;
const opened: { threads: Threads; folder: string }[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
});
afterEach(async () => {
  for (const { threads, folder } of opened.splice(0)) {
    await threads.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
afterAll(() => server.remove());

function open(): Threads {
  const folder = mkdtempSync(join(tmpdir(), 'attendant-journal-'));
  const threads = openThreads({
    redisUrl: server.url,
    journalFolder: folder,
    clock: systemClock,
    log,
    signal: new AbortController().signal,
  });
  opened.push({ threads, folder });
  return threads;
}

describe('threads', () => {
  it('gives a thread by its id and by its UID, while the call runs and after it', async () => {
    const threads = open();
    const start = someStart({ uid: 'abc123' as Uid });
    const writer = threads.write(start, 1);
    writer.append({ kind: 'answered', at });
    writer.append(said('hello'));
    await writer.flushed(within());
    const live = await threads.read(ORGANIZATION, 'abc123');
    expect(live).toMatchObject({ id: start.id, status: 'active', answered_at: at, ended_at: null });
    expect(live?.history).toEqual([{ role: 'user', content: 'hello', created_at: at }]);

    writer.append({ kind: 'ended', end_reason: { result: 'completed', reason: 'end_dialog' }, at });
    writer.close();
    await writer.flushed(within());
    expect(await threads.read(ORGANIZATION, start.id)).toMatchObject({
      uid: 'abc123',
      status: 'ended',
      ended_at: at,
      end_reason: { result: 'completed', reason: 'end_dialog' },
    });
  });

  it('gives the newest call of a UID, and all of them, newest first and page by page', async () => {
    const threads = open();
    const uid = 'used-often' as Uid;
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      const start = someStart({ uid, started_at: new Date(Date.UTC(2026, 0, 1, 0, i)).toISOString() });
      const writer = threads.write(start, 1);
      writer.close();
      await writer.flushed(within());
      ids.unshift(start.id);
    }
    expect((await threads.read(ORGANIZATION, uid))?.id).toBe(ids[0]);
    const first = await threads.list(ORGANIZATION, { uid }, { limit: 3 });
    expect(first.threads.map((t) => t.id)).toEqual(ids.slice(0, 3));
    const second = await threads.list(ORGANIZATION, { uid }, { limit: 3, cursor: first.next ?? '' });
    expect(second.threads.map((t) => t.id)).toEqual(ids.slice(3));
    expect(second.next).toBeNull();
  });

  it('is not fooled by a UID that looks like the id of another thread', async () => {
    const threads = open();
    const victim = someStart();
    const thief = someStart({ uid: victim.id as string as Uid });
    for (const start of [victim, thief]) {
      const writer = threads.write(start, 1);
      await writer.flushed(within());
    }
    expect((await threads.read(ORGANIZATION, victim.id))?.id).toBe(victim.id);
  });

  it('knows nothing of other organizations or of keys that cannot be', async () => {
    const threads = open();
    const writer = threads.write(someStart({ uid: 'mine' as Uid }), 1);
    await writer.flushed(within());
    expect(await threads.read('other' as typeof ORGANIZATION, 'mine')).toBeUndefined();
    expect(await threads.read(ORGANIZATION, 'no such\nkey')).toBeUndefined();
  });

  it('refuses to write an epoch twice', () => {
    const threads = open();
    const start = someStart();
    threads.write(start, 1);
    expect(() => threads.write(start, 1)).toThrow(/in epoch 1 before/);
  });

  it(
    'loses nothing when Redis is killed and comes back, and keeps the order',
    { timeout: 60_000 },
    async () => {
      const threads = open();
      const start = someStart();
      const writer = threads.write(start, 1);
      const appended: Entry[] = [{ kind: 'started', start }];
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 200; i++) {
          const entry = said(`round ${round} line ${i}`);
          appended.push(entry);
          writer.append(entry);
          if (i % 20 === 0) await new Promise(setImmediate);
        }
        await server.kill();
        writer.append({
          kind: 'digits',
          collection: { digits: String(round), terminator: '#', ended_by: 'terminator' },
          at,
        });
        appended.push({
          kind: 'digits',
          collection: { digits: String(round), terminator: '#', ended_by: 'terminator' },
          at,
        });
        await server.start();
      }
      await writer.flushed(within(20_000));
      const expected = foldThread(appended.map((entry, i) => ({ epoch: 1, n: i + 1, entry })));
      expect(await threads.read(ORGANIZATION, start.id)).toEqual(expected);
    },
  );

  it('gives a Redis that came back empty the whole of every live thread', { timeout: 60_000 }, async () => {
    const threads = open();
    const starts = [someStart({ uid: 'live-1' as Uid }), someStart({ uid: 'live-2' as Uid })];
    const writers = starts.map((start) => threads.write(start, 1));
    for (const writer of writers) {
      writer.append(said('before'));
      await writer.flushed(within());
    }
    await server.kill();
    await server.start({ empty: true });
    writers[0]?.append(said('after'));
    await expect
      .poll(async () => (await threads.read(ORGANIZATION, 'live-1').catch(() => undefined))?.history.length, {
        timeout: 10_000,
      })
      .toBe(2);
    await expect
      .poll(async () => (await threads.read(ORGANIZATION, 'live-2').catch(() => undefined))?.history.length, {
        timeout: 10_000,
      })
      .toBe(1);
  });

  it('notices entries that vanish from a Redis that never went away', async () => {
    const threads = open();
    const start = someStart();
    const writer = threads.write(start, 1);
    writer.append(said('one'));
    await writer.flushed(within());
    const client = await server.client();
    await client.flushAll();
    await client.close();
    writer.append(said('two'));
    await writer.flushed(within());
    expect((await threads.read(ORGANIZATION, start.id))?.history).toHaveLength(2);
  });

  it('reads back from the journal what no longer fits in memory', { timeout: 60_000 }, async () => {
    await server.kill();
    const threads = open();
    const start = someStart();
    const writer = threads.write(start, 1);
    for (let i = 0; i < 1_700; i++) writer.append(said(`line ${i}`));
    writer.append({ kind: 'ended', end_reason: { result: 'completed', reason: 'end_dialog' }, at });
    writer.close();
    await server.start();
    await writer.flushed(within(20_000));
    const thread = await threads.read(ORGANIZATION, start.id);
    expect(thread?.status).toBe('ended');
    expect(thread?.history.map((m) => m.content)).toEqual(
      Array.from({ length: 1_700 }, (_, i) => `line ${i}`),
    );
  });

  it('keeps in memory what no journal takes, also for a Redis that loses it', async () => {
    const threads = open();
    rmSync(opened.at(-1)?.folder ?? '', { recursive: true });
    const start = someStart();
    const writer = threads.write(start, 1);
    writer.append(said('one'));
    await writer.flushed(within());
    const client = await server.client();
    await client.flushAll();
    await client.close();
    writer.append(said('two'));
    writer.close();
    await writer.flushed(within());
    const thread = await threads.read(ORGANIZATION, start.id);
    expect(thread?.history.map((message) => message.content)).toEqual(['one', 'two']);
  });

  it('leaves out what comes after the end, or is no JSON, without throwing', async () => {
    const threads = open();
    const start = someStart();
    const writer = threads.write(start, 1);
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    writer.append({ kind: 'state', state: circular, at });
    writer.append(said('one'));
    writer.append({ kind: 'ended', end_reason: { result: 'completed', reason: 'end_dialog' }, at });
    writer.close();
    writer.append(said('too late'));
    writer.close();
    await writer.flushed(within());
    const thread = await threads.read(ORGANIZATION, start.id);
    expect(thread?.history.map((message) => message.content)).toEqual(['one']);
    expect(thread).toMatchObject({ state: {}, status: 'ended' });
  });

  it(
    'rejects a reading at once while Redis is away, and a flush when told to stop waiting',
    { timeout: 30_000 },
    async () => {
      await server.kill();
      const threads = open();
      const writer = threads.write(someStart(), 1);
      await expect(threads.read(ORGANIZATION, 'abc123')).rejects.toMatchObject({
        code: 'E_REDIS_UNREACHABLE',
      });
      await expect(writer.flushed(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
      await server.start();
      await writer.flushed(within());
    },
  );

  it('goes on after Redis hung without closing the connection', { timeout: 60_000 }, async () => {
    const threads = open();
    const start = someStart();
    const writer = threads.write(start, 1);
    await writer.flushed(within());
    server.freeze(true);
    writer.append(said('while it hung'));
    await expect.poll(() => threads.ready, { timeout: 20_000 }).toBe(false);
    server.freeze(false);
    await writer.flushed(within(20_000));
    expect((await threads.read(ORGANIZATION, start.id))?.history).toHaveLength(1);
  });

  it('counts workers by what they last said of themselves', async () => {
    const threads = open();
    await expect.poll(() => threads.ready, { timeout: 10_000 }).toBe(true);
    await threads.workers.beat('a', 60_000);
    await threads.workers.beat('b', 60_000);
    await threads.workers.beat('late', -1);
    expect(await threads.workers.count()).toBe(2);
    await threads.workers.leave('a');
    expect(await threads.workers.count()).toBe(1);
    await threads.workers.leave('b');
  });

  it('tells a worker whether another one has a place', async () => {
    const threads = open();
    await expect.poll(() => threads.ready, { timeout: 10_000 }).toBe(true);
    const beat = async (worker: string, hasRoom: boolean, ttl = 60_000) =>
      (await threads.workers.beat(worker, ttl, { hasRoom })).roomInOthers;
    expect(await beat('c', true), 'nobody else is there').toBe(false);
    expect(await beat('d', false)).toBe(true);
    expect(await beat('c', false)).toBe(false);
    expect(await beat('d', true)).toBe(false);
    expect(await beat('c', false)).toBe(true);
    await threads.workers.leave('d');
    expect(await beat('c', false)).toBe(false);
    await beat('gone', true, -1);
    expect(await beat('c', true)).toBe(false);
  });
});
