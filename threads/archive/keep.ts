import { decodeTime } from 'ulid';
import type { Clock } from '../../base/clock.ts';
import { asAttendantError } from '../../base/errors.ts';
import { isThreadId, type Organization, type ThreadId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import { eraseAll } from '../erase.ts';
import {
  archivingOrganizationsKey,
  entriesKey,
  erasedBeforeKey,
  erasedKey,
  termKey,
  threadKey,
  threadsKey,
} from '../keys.ts';
import type { RecordingFiles } from '../recording-files.ts';
import type { Redis } from '../redis.ts';
import { script } from '../script.ts';
import { IN_REDIS } from '../thread-index.ts';
import { abreast } from './abreast.ts';
import type { Archive } from './archive.ts';
import { clearLapsed } from './claims.ts';
import { finishErased } from './erasing.ts';
import { moveThread } from './move.ts';
import { isArchiveKnown, rebuildArchive } from './rebuild.ts';

/** How long an organization's threads are kept, from the start of the call. */
export interface Keeping {
  /** Then they move to the archive; undefined for never. */
  readonly daysInRedis?: number | undefined;
  /** Then they are erased everywhere; undefined for never. */
  readonly days?: number | undefined;
}

const DAY = 86_400_000;
/** Milliseconds between two looks at what is old by now. */
const LOOK_EVERY = 600_000;
/** After which another process may move a thread: more than the archive's time limits and retries add up to. */
const LEASE = 300_000;
/** Threads looked at in one step, and of those moved at once. */
const PAGE = 100;
const ABREAST = 4;

interface Parts {
  readonly redis: Redis;
  readonly archive: Archive;
  readonly recordings?: RecordingFiles;
  readonly organizations: ReadonlyMap<Organization, Keeping>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly lease?: number;
}

/**
 * Moves what is old to the archive, and erases what is older, until the signal aborts; side by side with any number of processes that do the
 * same. A fault of one organization or of the archive is logged, and tried again at the next look.
 */
export function keepThreads(parts: Parts): { readonly ended: Promise<void> } {
  return { ended: run(parts) };
}

async function run(parts: Parts): Promise<void> {
  const { redis, clock, log, signal } = parts;
  let swept = 0;
  for (; !signal.aborted;) {
    if (redis.ready) {
      const withTombs = clock.elapsed() - swept >= DAY;
      const failed = await sweep(parts, { withTombs });
      if (withTombs && !failed) swept = clock.elapsed();
      if (failed)
        log.warn(
          { code: failed.code, cause: failed.message },
          'old threads could not be moved or erased; tried again',
        );
    }
    await rest(parts);
  }
}

/** Until the next look, or until Redis is back where it is away: it may have been emptied. */
async function rest({ redis, clock, signal }: Parts): Promise<void> {
  const wake = new AbortController();
  const off = redis.ready ? () => undefined : redis.onReady(() => wake.abort(new Error('redis is back')));
  await clock.sleep(LOOK_EVERY, AbortSignal.any([signal, wake.signal])).catch(() => undefined);
  off();
}

/** Looks once. Returns the last fault, undefined where all went well. */
export async function sweep(parts: Parts, { withTombs }: { withTombs: boolean }) {
  const { redis, organizations, signal } = parts;
  let failed: ReturnType<typeof asAttendantError> | undefined;
  try {
    const others = await redis.run((client) => client.sMembers(archivingOrganizationsKey()));
    for (const organization of new Set([...organizations.keys(), ...(others as Organization[])])) {
      try {
        await keepOne(parts, organization, { withTombs });
      } catch (cause) {
        if (signal.aborted) return undefined;
        failed = asAttendantError(cause);
      }
    }
  } catch (cause) {
    failed = asAttendantError(cause);
  }
  return failed;
}

async function keepOne(
  parts: Parts,
  organization: Organization,
  { withTombs }: { withTombs: boolean },
): Promise<void> {
  const { redis, archive, organizations, log, signal } = parts;
  if (!(await isArchiveKnown(redis, organization))) await rebuildArchive(parts, organization, signal);
  await clearLapsed(redis, archive, organization, signal);
  await finishErased(redis, archive, organization, signal);
  const { daysInRedis, days } = organizations.get(organization) ?? {};
  const now = await timeOf(parts);
  const erased = days === undefined ? 0 : await eraseOld(parts, organization, now - days * DAY, withTombs);
  const moved = daysInRedis === undefined ? 0 : await moveOld(parts, organization, now - daysInRedis * DAY);
  if (moved + erased > 0) log.info({ organization, moved, erased }, 'old threads were moved and erased');
}

/** The earlier of our clock and Redis's: neither of them alone, gone wrong, erases anything too early. */
async function timeOf({ redis, clock }: Parts): Promise<number> {
  const time = await redis.run((client) => client.time());
  return Math.min(clock.now(), Number(time[0]) * 1_000);
}

async function moveOld(parts: Parts, organization: Organization, startedBefore: number): Promise<number> {
  const { redis, archive, signal, lease = LEASE } = parts;
  await redis.run((client) => client.sAdd(archivingOrganizationsKey(), organization));
  let moved = 0;
  // Those that have to stay for now are passed over.
  for (let passed = 0; ;) {
    const ids = await oldest(redis, termKey(organization, IN_REDIS), startedBefore, passed);
    const results = await abreast(ids, ABREAST, (id) => {
      signal.throwIfAborted();
      return moveThread(redis, archive, organization, id, { startedBefore, lease, signal });
    });
    const done = results.filter((result) => result === 'moved').length;
    moved += done;
    passed += results.length - done;
    if (ids.length < PAGE) return moved;
  }
}

/** KEYS: erased before, erased    ARGV: milliseconds since 1970 */
const raise = script(`
if tonumber(ARGV[1]) > tonumber(redis.call('GET', KEYS[1]) or 0) then redis.call('SET', KEYS[1], ARGV[1]) end
return redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[1])
`);

async function eraseOld(
  parts: Parts,
  organization: Organization,
  startedBefore: number,
  withTombs: boolean,
): Promise<number> {
  const { redis, archive, recordings, clock, log, signal } = parts;
  // What is older than that is taken by nobody any more, so that what was erased of it need not be remembered one by one. A day is left for calls
  // that are going on.
  const gone = startedBefore - DAY;
  await raise(redis, [erasedBeforeKey(organization), erasedKey(organization)], [String(gone)]);
  if (withTombs) {
    for await (const id of archive.buried(organization, signal))
      if (decodeTime(id.slice('thr_'.length)) < gone) await archive.unbury(organization, id);
  }
  let erased = 0;
  for (let passed = 0; ;) {
    const ids = await oldest(redis, threadsKey(organization), startedBefore, passed);
    const going = await Promise.all(ids.map((id) => isGoingOn(redis, organization, id)));
    for (const [i, id] of ids.entries()) {
      signal.throwIfAborted();
      if (going[i] === true) passed++;
      else {
        const files = await eraseAll({ redis, archive, recordings, clock }, organization, [id], {
          bury: false,
        });
        const left = files.filter((file) => !file.erased).map(({ file }) => file);
        if (left.length > 0) log.warn({ call: id, left }, 'files of a recording are out of reach, and stay');
        erased++;
      }
    }
    if (ids.length < PAGE) return erased;
  }
}

/** Whether a call is live still: it has not ended, and something was written within the last day. */
async function isGoingOn(redis: Redis, organization: Organization, id: ThreadId): Promise<boolean> {
  return redis.run(async (client) => {
    if ((await client.hGet(threadKey(organization, id), 'status')) !== 'active') return false;
    const [last] = (await client.xRevRange(entriesKey(organization, id), '+', '-', { COUNT: 1 })) ?? [];
    const time = await client.time();
    return last !== undefined && Number(last.id.split('-')[0]) > Number(time[0]) * 1_000 - DAY;
  });
}

async function oldest(redis: Redis, key: string, startedBefore: number, offset: number): Promise<ThreadId[]> {
  const ids = await redis.run((client) =>
    client.zRange(key, '-inf', `(${startedBefore}`, { BY: 'SCORE', LIMIT: { offset, count: PAGE } }),
  );
  return ids.filter(isThreadId);
}
