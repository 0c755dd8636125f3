import type { Clock } from '../base/clock.ts';
import { isThreadId, isUid, type Organization, type ThreadId } from '../base/ids.ts';
import type { Archive } from './archive/archive.ts';
import { archivedOf } from './archive/archived.ts';
import { finishErasing } from './archive/erasing.ts';
import {
  archivedKey,
  archiveErasingKey,
  archivingOrganizationsKey,
  commandsKey,
  entriesKey,
  erasedKey,
  eventsKey,
  indexKey,
  prefixOf,
  termKey,
  threadKey,
  uidKey,
} from './keys.ts';
import type { ThreadSummary } from './hash.ts';
import { forgetCallee } from './lists/forget.ts';
import { readById } from './read.ts';
import type { RecordingPart } from './recording.ts';
import type { Redis } from './redis.ts';
import type { RecordingFiles } from './recording-files.ts';
import { script } from './script.ts';
import { term, termsOf } from './thread-index.ts';

/** Entries removed in one step: a script holds everybody else up while it runs. */
const STEP = '500';
/** Threads erased at one go; the rest is told, to be asked for again. */
const MOST = 500;

/**
 * Takes a thread out of everything, its entries a step at a time, the thread itself and what finds it at the first.
 *
 * KEYS: erased, thread, index, entries, events, archived, erased ones that the archive may hold still, commands
 * ARGV: thread id, now (ms), what terms' keys start with, how many entries, whether there is an archive, then terms that it may be found by
 * Returns: 1 where entries are left
 */
const ERASE = script(`
local erased, thread, index, entries, events, archived, erasing, commands = unpack(KEYS)
local id, prefix, most = ARGV[1], ARGV[3], tonumber(ARGV[4])
redis.call('ZADD', erased, 'NX', ARGV[2], id)
if ARGV[5] == 'archive' then redis.call('ZADD', erasing, 'NX', ARGV[2], id) end
redis.call('HDEL', archived, id)
for _, term in ipairs(redis.call('SMEMBERS', index)) do redis.call('ZREM', prefix .. term, id) end
for i = 6, #ARGV do redis.call('ZREM', prefix .. ARGV[i], id) end
redis.call('DEL', thread, index, commands)
local found = redis.call('XRANGE', entries, '-', '+', 'COUNT', most)
for _, entry in ipairs(found) do
  local event = redis.call('XRANGE', events, entry[1], entry[1])[1]
  if event and event[2][2] == id then redis.call('XDEL', events, entry[1]) end
  for i = 1, #entry[2], 2 do
    if entry[2][i] == 'epoch' then redis.call('DEL', prefix .. 'seen:' .. id .. ':' .. entry[2][i + 1]) end
  end
  redis.call('XDEL', entries, entry[1])
end
if #found == most then return 1 end
redis.call('DEL', entries)
return 0
`);

export interface Erased {
  readonly erased: ThreadId[];
  /** There are more: ask again. */
  readonly more: boolean;
  /** Files with what was said on them. Those that are not `erased` are out of our reach: whoever erases has to erase them where egress put them. */
  readonly recordings: ErasedRecording[];
  /** Lists of people to be called that the person was taken out of. */
  readonly lists: number;
}

interface ErasedRecording extends Pick<RecordingPart, 'file' | 'location'> {
  readonly thread: ThreadId;
  readonly erased: boolean;
}

/** Where threads are erased. */
interface Places {
  readonly redis: Redis;
  readonly archive: Archive | undefined;
  readonly recordings?: RecordingFiles | undefined;
  readonly clock: Clock;
}

/**
 * Erases the thread of that id, or all threads of that UID, who is taken out of lists too: the thread, its entries, what it is found by, its events,
 * its copy in the archive. Workers remove its journals when they next look at them; until then, and should it be written still, nothing of it comes back.
 * Where the archive is away it is gone from Redis all the same, and from the archive once that is back.
 *
 * @throws AttendantError as `Redis.run` and `Archive`
 */
export async function eraseThreads(places: Places, organization: Organization, key: string): Promise<Erased> {
  if (isThreadId(key) && (await isKnown(places.redis, organization, key))) {
    const recordings = await eraseAll(places, organization, [key], { bury: true });
    return { erased: [key], more: false, recordings, lists: 0 };
  }
  if (!isUid(key)) return { erased: [], more: false, recordings: [], lists: 0 };
  // Before the threads: nothing is to be written of them any more.
  const lists = await forgetCallee(places.redis, organization, { uid: key });
  return { ...(await eraseSet(places, organization, uidKey(organization, key))), lists };
}

/**
 * Erases all threads of a person's number, who called or was called by us, as `eraseThreads`, and takes them out of lists of people to be called.
 *
 * @throws AttendantError as `Redis.run` and `Archive`
 */
export async function eraseCaller(
  places: Places,
  organization: Organization,
  number: string,
): Promise<Erased> {
  const lists = await forgetCallee(places.redis, organization, { to: number });
  const called = await eraseSet(places, organization, termKey(organization, term('called', number)));
  const calls = await eraseSet(places, organization, termKey(organization, term('caller', number)));
  return {
    erased: [...called.erased, ...calls.erased],
    more: called.more || calls.more,
    recordings: [...called.recordings, ...calls.recordings],
    lists,
  };
}

async function eraseSet(
  places: Places,
  organization: Organization,
  set: string,
): Promise<Omit<Erased, 'lists'>> {
  const ids = (await places.redis.run((client) => client.zRange(set, 0, MOST))).filter(isThreadId);
  const erased = ids.slice(0, MOST);
  const recordings = await eraseAll(places, organization, erased, { bury: true });
  // Whatever else: they must not be found again.
  if (erased.length > 0) await places.redis.run((client) => client.zRem(set, erased));
  return { erased, more: ids.length > MOST, recordings };
}

/**
 * Erases these threads, all of them in Redis first: nobody reads them any more then, whatever becomes of the archive.
 *
 * @param options.bury whether the archive is to remember that they were erased, for a Redis that is emptied
 * @returns the files of their recordings
 * @throws AttendantError as `Redis.run` and `Archive`
 */
export async function eraseAll(
  { redis, archive, recordings: files, clock }: Places,
  organization: Organization,
  ids: readonly ThreadId[],
  options: { bury: boolean },
): Promise<ErasedRecording[]> {
  const recordings: ErasedRecording[] = [];
  if (archive && ids.length > 0)
    await redis.run((client) => client.sAdd(archivingOrganizationsKey(), organization));
  for (const id of ids) {
    const known = await summariesOf(redis, organization, id);
    const terms = known.flatMap(termsOf);
    const parts = known.flatMap(({ recording }) => [recording?.parts ?? []].flat());
    // Before the thread, which alone tells that there are any.
    const gone = parts.length > 0 ? await files?.erase(organization, id) : undefined;
    const told = parts.map(({ file, location }) => {
      const erased = gone?.has(file) ?? false;
      return [file, { thread: id, file, location, erased }] as const;
    });
    recordings.push(...new Map(told).values());
    const keys = [
      erasedKey(organization),
      threadKey(organization, id),
      indexKey(organization, id),
      entriesKey(organization, id),
      eventsKey(organization),
      archivedKey(organization),
      archiveErasingKey(organization),
      commandsKey(organization, id),
    ];
    const args = [id, String(clock.now()), prefixOf(organization), STEP, archive ? 'archive' : '', ...terms];
    while ((await ERASE(redis, keys, args)) === 1);
  }
  if (archive) await finishErasing(redis, archive, organization, ids, options);
  return recordings;
}

/** The thread as Redis holds it, and as the archive does; what it is found by is in both, a script can be told of more than it has. */
async function summariesOf(redis: Redis, organization: Organization, id: ThreadId): Promise<ThreadSummary[]> {
  const thread = await readById(redis, organization, id);
  // Then the archive's: what moves meanwhile is there afterwards.
  const [moved] = await archivedOf(redis, organization, [id]);
  return [...(thread ? [thread] : []), ...(moved ? [moved.summary] : [])];
}

async function isKnown(redis: Redis, organization: Organization, id: ThreadId): Promise<boolean> {
  return redis.run(async (client) => {
    const there = await client.exists([threadKey(organization, id), entriesKey(organization, id)]);
    if (there > 0 || (await client.hExists(archivedKey(organization), id)) === 1) return true;
    return (await client.zScore(archiveErasingKey(organization), id)) !== null;
  });
}
