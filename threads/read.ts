import { AttendantError } from '../base/errors.ts';
import { isThreadId, isUid, type Organization, type ThreadId } from '../base/ids.ts';
import type { Archive, StoredEntry } from './archive/archive.ts';
import { archivedVersion } from './archive/archived.ts';
import { isBehind } from './stream-id.ts';
import type { Entry } from './entry.ts';
import { foldThread } from './fold.ts';
import { entriesKey, uidKey } from './keys.ts';
import type { Redis } from './redis.ts';
import type { Thread } from './thread.ts';

/** Entries read in one step. */
const PAGE = 500;

/**
 * All entries of a thread as Redis holds them, in order of arrival; none where there is no such thread. `length` is the stream's,
 * so more than there are entries where some of it is none; `last` is its last id, empty where there is none.
 *
 * @throws AttendantError as `Redis.run`
 */
export async function readEntries(
  redis: Redis,
  organization: Organization,
  id: ThreadId,
): Promise<{ entries: StoredEntry[]; length: number; last: string }> {
  const entries: StoredEntry[] = [];
  let length = 0;
  let newest = '';
  for (let from = '-'; ;) {
    const page = await redis.run(async (client) => {
      return (await client.xRange(entriesKey(organization, id), from, '+', { COUNT: PAGE })) ?? [];
    });
    for (const { id: at, message } of page) {
      const entry = parseEntry(message['entry']);
      if (entry) entries.push({ id: at, epoch: Number(message['epoch']), n: Number(message['n']), entry });
    }
    length += page.length;
    const last = page.at(-1);
    newest = last?.id ?? newest;
    if (!last || page.length < PAGE) return { entries, length, last: newest };
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
  archive?: Archive,
): Promise<Thread | undefined> {
  if (isThreadId(key)) {
    const thread = await readById(redis, organization, key, archive);
    if (thread) return thread;
  }
  if (!isUid(key)) return undefined;
  const [id] = await redis.run((client) => client.zRange(uidKey(organization, key), 0, 0, { REV: true }));
  return id !== undefined && isThreadId(id) ? readById(redis, organization, id, archive) : undefined;
}

/** The thread of that id. @throws AttendantError as `Redis.run` and `Archive` */
export async function readById(
  redis: Redis,
  organization: Organization,
  id: ThreadId,
  archive?: Archive,
): Promise<Thread | undefined> {
  return foldThread(await readWhole(redis, organization, id, archive));
}

/** How often a thread is looked for that is being written to the archive anew at that moment. */
const LOOKS = 8;

/**
 * All entries of a thread, those in the archive and those in Redis, in order of arrival.
 *
 * @throws AttendantError as `Redis.run` and `Archive`
 */
export async function readWhole(
  redis: Redis,
  organization: Organization,
  id: ThreadId,
  archive: Archive | undefined,
): Promise<StoredEntry[]> {
  for (let look = 1; ; look++) {
    // Redis first: what moves meanwhile is in the archive afterwards.
    const { entries } = await readEntries(redis, organization, id);
    const version = archive && (await archivedVersion(redis, organization, id));
    if (!archive || version === undefined) return entries;
    const moved = await archive.read(organization, id, version);
    if (moved) return union(moved, entries);
    // It was moved anew, together with what came late, or erased. Otherwise whoever has the archive's files has to be asked.
    if (look >= LOOKS)
      throw new AttendantError('E_ARCHIVE_UNREACHABLE', `the archive does not hold its copy of ${id}`);
  }
}

/** The entries of both, each once, in order of arrival. */
export function union(moved: readonly StoredEntry[], later: readonly StoredEntry[]): StoredEntry[] {
  const known = new Set(moved.map(({ epoch, n }) => `${epoch} ${n}`));
  const fresh = later.filter(({ epoch, n }) => !known.has(`${epoch} ${n}`));
  return fresh.length === 0
    ? [...moved]
    : [...moved, ...fresh].sort((a, b) => (isBehind(a.id, b.id) ? 1 : -1));
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
