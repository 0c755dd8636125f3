import { isThreadId, isUid, type Organization, type ThreadId } from '../base/ids.ts';
import type { Entry, NumberedEntry } from './entry.ts';
import { foldThread } from './fold.ts';
import { entriesKey, uidKey } from './keys.ts';
import type { Redis } from './redis.ts';
import type { Thread } from './thread.ts';

/** Entries read in one step. */
const PAGE = 500;

/**
 * All entries of a thread as Redis holds them, in order of arrival; none where there is no such thread. `length` is the stream's,
 * so more than there are entries where some of it is none.
 *
 * @throws AttendantError as `Redis.run`
 */
export async function readEntries(
  redis: Redis,
  organization: Organization,
  id: ThreadId,
): Promise<{ entries: NumberedEntry[]; length: number }> {
  const entries: NumberedEntry[] = [];
  let length = 0;
  for (let from = '-'; ;) {
    const page = await redis.run(async (client) => {
      return (await client.xRange(entriesKey(organization, id), from, '+', { COUNT: PAGE })) ?? [];
    });
    for (const { message } of page) {
      const entry = parseEntry(message['entry']);
      if (entry) entries.push({ epoch: Number(message['epoch']), n: Number(message['n']), entry });
    }
    length += page.length;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return { entries, length };
    from = `(${last.id}`;
  }
}

/**
 * The thread of that key: one that starts with `thr_` is tried as an id, then anything as a UID, which gives the newest of its
 * threads.
 *
 * @throws AttendantError as `Redis.run`
 */
export async function readThread(
  redis: Redis,
  organization: Organization,
  key: string,
): Promise<Thread | undefined> {
  if (isThreadId(key)) {
    const thread = await readById(redis, organization, key);
    if (thread) return thread;
  }
  if (!isUid(key)) return undefined;
  const [id] = await redis.run((client) => client.zRange(uidKey(organization, key), 0, 0, { REV: true }));
  return id !== undefined && isThreadId(id) ? readById(redis, organization, id) : undefined;
}

/** The thread of that id. @throws AttendantError as `Redis.run` */
export async function readById(
  redis: Redis,
  organization: Organization,
  id: ThreadId,
): Promise<Thread | undefined> {
  const { entries } = await readEntries(redis, organization, id);
  return foldThread(entries);
}

/** An entry's JSON. What is none is left out: others can write to Redis too, and one bad entry must not hide a thread. */
function parseEntry(json: string | undefined): Entry | undefined {
  try {
    const entry = JSON.parse(json ?? '') as Partial<Entry> | null;
    return typeof entry?.kind === 'string' ? (entry as Entry) : undefined;
  } catch {
    return undefined;
  }
}
