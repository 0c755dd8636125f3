import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import type { Organization } from '../../base/ids.ts';
import { newThreadId } from '../../base/ids.ts';
import { createLog } from '../../base/log.ts';
import { appendEntries } from '../append.ts';
import type { Entry, ThreadStart } from '../entry.ts';
import { connectRedis, type Redis } from '../redis.ts';
import { RedisServer } from '../redis-server.fixture.ts';
import { Items } from '../send.ts';
import { openThreads } from '../store.ts';
import { ORGANIZATION, someStart } from '../thread.fixture.ts';
import { archiveIn, type Archive } from './archive.ts';
import { filesIn } from './files.ts';
import { sweep, type Keeping } from './keep.ts';

const DAY = 86_400_000;
const log = createLog('test', 'silent');

/** When a call of so many days ago began. */
const daysAgo = (days: number): string => new Date(Date.now() - days * DAY).toISOString();

export const ended: Entry = {
  kind: 'ended',
  end_reason: { result: 'completed', reason: 'end_dialog' },
  at: '2026-01-01T00:01:00.000Z',
};
export const said = (content: string): Entry => ({
  kind: 'message',
  message: { role: 'user', content, created_at: '2026-01-01T00:00:10.000Z' },
});

/** A Redis and an archive of a test's own, and what keeps threads in them. */
export async function archiveParts() {
  const server = await RedisServer.start({ cluster: true });
  const folder = mkdtempSync(join(tmpdir(), 'attendant-archive-'));
  const stop = new AbortController();
  const connection = { clock: systemClock, log, signal: stop.signal };
  const redis = connectRedis({ url: server.url, ...connection });
  const objects = filesIn(folder);
  const archive = archiveIn(objects);
  const threads = openThreads({ redisUrl: server.url, archive, ...connection });
  const until = async (is: () => boolean) => {
    while (!is()) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  await until(() => redis.ready && threads.ready);
  return {
    server,
    folder,
    redis,
    objects,
    archive,
    threads,
    log,
    /** Waits until both connections are there (again). */
    connected: () => until(() => redis.ready && threads.ready),
    /** Writes a thread that began so many days ago; resolves when Redis has it. Without an end the call is live. */
    write: async (
      days: number,
      entries: readonly Entry[] = [said('hello'), ended],
      changes: Partial<ThreadStart> = {},
    ) => {
      const started_at = daysAgo(days);
      const start = someStart({ id: newThreadId(Date.parse(started_at)), started_at, ...changes });
      await append(redis, start, 1, 1, [{ kind: 'started', start }, ...entries]);
      return start;
    },
    /** Looks once at what is old. */
    keep: async (
      keeping: Keeping,
      {
        archive: its = archive,
        redis: at = redis,
        lease = 60_000,
      }: { archive?: Archive; redis?: Redis; lease?: number } = {},
    ) => {
      const organizations = new Map<Organization, Keeping>([[ORGANIZATION, keeping]]);
      const parts = {
        redis: at,
        archive: its,
        organizations,
        clock: systemClock,
        log,
        signal: stop.signal,
        lease,
      };
      return sweep(parts, { withTombs: true });
    },
    close: async () => {
      stop.abort(new Error('test over'));
      await Promise.all([threads.close(), redis.close()]);
      await server.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Appends entries of an epoch as a worker does, from number `first` on. */
export async function append(
  redis: Redis,
  start: ThreadStart,
  epoch: number,
  first: number,
  entries: readonly Entry[],
): Promise<void> {
  const items = new Items();
  if (first > 1) items.next({ epoch, n: 1, entry: { kind: 'started', start } });
  const made = entries.map((entry, i) => items.next({ epoch, n: first + i, entry }));
  await appendEntries(redis, start, epoch, made);
}
