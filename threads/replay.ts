import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { asAttendantError } from '../base/errors.ts';
import type { ThreadId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { isAlive, thisProcess, type ProcessIdentity } from './alive.ts';
import type { ThreadStart } from './entry.ts';
import { isJournal, journalFacts, readJournal, type JournalFacts, type JournalHead } from './journal.ts';
import { erasedBeforeKey, erasedKey, seenKey } from './keys.ts';
import type { Redis } from './redis.ts';
import { sendAll } from './send.ts';

/** A lock that was not even written whole after this long belongs to nobody. */
const LOCK_TORN = 60_000;

export interface Replayed {
  /** Journals of which Redis lacked something. */
  readonly sent: number;
  /** Journals that were removed: old, and all of it in Redis. */
  readonly removed: number;
}

/**
 * Brings the journals of a folder that nobody writes any more (closed, or their process died) into Redis where it lacks
 * anything of them, and removes those that were last written more than `keep` ms ago. Of several processes on a folder one
 * does it at a time; the others return at once. Journals of erased threads are removed.
 *
 * @throws AttendantError as `Redis.run`; the signal's reason
 */
export async function replayFolder(options: {
  folder: string;
  redis: Redis;
  keep: number;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
}): Promise<Replayed> {
  const { folder, clock, log, signal } = options;
  const lock = join(folder, 'replay.lock');
  const counts = { sent: 0, removed: 0 };
  if (!take(lock, clock)) return counts;
  try {
    for (const file of (await readdir(folder)).filter(isJournal)) {
      signal.throwIfAborted();
      const result = await replayFile({ ...options, path: join(folder, file) }).catch((cause: unknown) => {
        if (!options.redis.ready) throw cause;
        // One journal that cannot be read or sent must not keep the others from Redis.
        const { code, message } = asAttendantError(cause);
        log.error({ code, cause: message, file }, 'a journal could not be replayed; it is kept');
        return undefined;
      });
      if (result?.sent) counts.sent++;
      if (result?.removed) counts.removed++;
    }
    if (counts.sent + counts.removed > 0) log.info(counts, 'journals replayed');
    return counts;
  } finally {
    rmSync(lock, { force: true });
  }
}

async function replayFile(options: {
  path: string;
  redis: Redis;
  keep: number;
  clock: Clock;
}): Promise<{ sent: boolean; removed: boolean }> {
  const { path, redis, keep, clock } = options;
  const facts = await journalFacts(path);
  if (facts && !facts.closed && isAlive(facts.head.writer)) return { sent: false, removed: false };
  if (facts && (await isErased(redis, path, facts.head))) {
    await unlink(path);
    return { sent: false, removed: true };
  }
  const sent = facts !== undefined && (await sendMissing(path, facts, redis));
  const at = facts?.at ?? (await stat(path)).mtimeMs;
  if (clock.now() - at < keep) return { sent, removed: false };
  await unlink(path);
  return { sent, removed: true };
}

/** Sends what Redis lacks of a journal. Gives true where it lacked something. */
async function sendMissing(path: string, { head, last }: JournalFacts, redis: Redis): Promise<boolean> {
  if (last === 0) return false;
  const { organization, thread, epoch } = head;
  const seen = await redis.run((client) => client.bitCount(seenKey(organization, thread, epoch)));
  if (seen >= last) return false;
  const start = await startOf(path);
  if (start) await sendAll(redis, start, epoch, readJournal(path));
  return start !== undefined;
}

/**
 * Brings what the journals of a folder hold of one thread into Redis now: for who takes its call over, and cannot wait for the others. Also
 * what a writer has not sent that hangs.
 *
 * @throws AttendantError as `Redis.run`; the file system's error
 */
export async function replayThread(folder: string, id: ThreadId, redis: Redis): Promise<void> {
  for (const file of (await readdir(folder)).filter((name) => isJournal(name) && name.startsWith(`${id}.`))) {
    const path = join(folder, file);
    const facts = await journalFacts(path);
    if (facts) await sendMissing(path, facts, redis);
  }
}

/** Whether the journal's thread was erased, by itself or for its age: then nothing of it may be left here either. */
async function isErased(
  redis: Redis,
  path: string,
  { organization, thread }: Pick<JournalHead, 'organization' | 'thread'>,
): Promise<boolean> {
  const [mark, before] = await redis.run((client) =>
    Promise.all([client.zScore(erasedKey(organization), thread), client.get(erasedBeforeKey(organization))]),
  );
  if (mark !== null || before === null) return mark !== null;
  const start = await startOf(path);
  return start !== undefined && Date.parse(start.started_at) < Number(before);
}

/** How the thread of a journal started: its first entry. */
async function startOf(path: string): Promise<ThreadStart | undefined> {
  for await (const { entry } of readJournal(path)) {
    if (entry.kind === 'started') return entry.start;
  }
  return undefined;
}

/**
 * Takes the lock unless a process that is alive holds it. Two that take a dead one's at once, or find no room for one, do double work, no
 * harm.
 */
function take(lock: string, clock: Clock): boolean {
  if (existsSync(lock) && !isHeld(lock, clock)) rmSync(lock, { force: true });
  try {
    writeFileSync(lock, JSON.stringify(thisProcess()), { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    rmSync(lock, { force: true });
  }
  return true;
}

function isHeld(lock: string, clock: Clock): boolean {
  try {
    return isAlive(JSON.parse(readFileSync(lock, 'utf8')) as ProcessIdentity);
  } catch {
    try {
      return clock.now() - statSync(lock).mtimeMs < LOCK_TORN;
    } catch {
      return false;
    }
  }
}
