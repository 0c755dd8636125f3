import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Organization, ThreadId } from '../../base/ids.ts';
import { eraseAll } from '../erase.ts';
import { foldThread } from '../fold.ts';
import {
  archivedKey,
  archiveKnownKey,
  archivingKey,
  archivingOrganizationsKey,
  entriesKey,
  erasedBeforeKey,
  erasedKey,
  indexKey,
  prefixOf,
  termKey,
  threadKey,
} from '../keys.ts';
import { union } from '../read.ts';
import type { Redis } from '../redis.ts';
import { script } from '../script.ts';
import { IN_REDIS, termsOf } from '../thread-index.ts';
import { newVersion, type Archive, type StoredEntry, type Version } from './archive.ts';
import { archivedFrom, archivedValue } from './archived.ts';
import { clearLapsed, giveUp } from './claims.ts';

/** What a rebuilding found. */
export interface Rebuilt {
  /** Threads that Redis did not know of. */
  readonly threads: number;
  /** Erased threads that Redis did not know to be. */
  readonly erased: number;
  /** Threads that somebody is writing at this moment: they are found the next time. */
  readonly busy: number;
}

/**
 * Makes a thread of the archive known to Redis, unless it is, or was erased, or somebody writes it. Entries that a journal brought to Redis
 * meanwhile stay there until they move too.
 *
 * KEYS: archived, archiving, erased, erased before, thread, entries, index, in Redis
 * ARGV: thread id, version, what is kept in Redis, start (ms), what terms' keys start with, how many bits follow, those (the end of the key of a
 *       bitmap and the number, for each entry), and its terms
 * Returns: 1 where it was not known, 0 where nothing was to do, -1 where somebody writes it
 */
const adoptIt = script(`
local archived, archiving, erased, erased_before, thread, entries, index, in_redis = unpack(KEYS)
local id, prefix, start = ARGV[1], ARGV[5], ARGV[4]
if redis.call('HEXISTS', archived, id) == 1 or redis.call('ZSCORE', erased, id) then return 0 end
if tonumber(start) < tonumber(redis.call('GET', erased_before) or 0) then return 0 end
for _, member in ipairs(redis.call('ZRANGE', archiving, 0, -1)) do
  if string.sub(member, 1, #id + 1) == id .. ':' then return -1 end
end
local terms = 7 + tonumber(ARGV[6])
for i = 7, terms - 1, 2 do redis.call('SETBIT', prefix .. 'seen:' .. id .. ':' .. ARGV[i], ARGV[i + 1], 1) end
for _, term in ipairs(redis.call('SMEMBERS', index)) do redis.call('ZREM', prefix .. term, id) end
for i = terms, #ARGV do redis.call('ZADD', prefix .. ARGV[i], start, id) end
redis.call('UNLINK', thread, index)
if redis.call('EXISTS', entries) == 1 then redis.call('ZADD', in_redis, start, id) end
redis.call('HSET', archived, id, ARGV[3])
return 1
`);

interface Parts {
  readonly redis: Redis;
  readonly archive: Archive;
  readonly clock: Clock;
  readonly log: Log;
}

/** Whether this Redis knows what the archive holds of the organization; one that was emptied does not. @throws AttendantError as `Redis.run` */
export async function isArchiveKnown(redis: Redis, organization: Organization): Promise<boolean> {
  return (await redis.run((client) => client.exists(archiveKnownKey(organization)))) === 1;
}

/**
 * Makes all that the archive holds of an organization known to Redis: its threads, and which were erased. Changes nothing where that is known;
 * several processes may do it at once.
 *
 * @throws AttendantError as `Redis.run` and `Archive`; the signal's reason
 */
export async function rebuildArchive(
  parts: Parts,
  organization: Organization,
  signal: AbortSignal,
): Promise<Rebuilt> {
  const { redis, archive, log } = parts;
  await redis.run((client) => client.sAdd(archivingOrganizationsKey(), organization));
  await clearLapsed(redis, archive, organization, signal);
  const erased = await rememberErased(parts, organization, signal);
  let threads = 0;
  let busy = 0;
  for await (const { id, versions } of archive.threads(organization, signal)) {
    signal.throwIfAborted();
    const found = await adopt(parts, organization, id, versions, signal);
    if (found === 1) threads++;
    if (found === -1) busy++;
  }
  if (busy === 0) await redis.run((client) => client.set(archiveKnownKey(organization), '1'));
  if (threads + erased > 0)
    log.info({ organization, threads, erased }, 'the archive is known to Redis again');
  return { threads, erased, busy };
}

/** Erased threads first: nothing of them is to be seen in between. */
async function rememberErased(
  { redis, archive, clock }: Parts,
  organization: Organization,
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  for await (const id of archive.buried(organization, signal)) {
    signal.throwIfAborted();
    if ((await redis.run((client) => client.zScore(erasedKey(organization), id))) !== null) continue;
    await eraseAll({ redis, archive, clock }, organization, [id], { bury: false });
    count++;
  }
  return count;
}

async function adopt(
  { redis, archive, log }: Parts,
  organization: Organization,
  id: ThreadId,
  versions: readonly Version[],
  signal: AbortSignal,
): Promise<number> {
  if (await redis.run((client) => client.hExists(archivedKey(organization), id))) return 0;
  let entries: StoredEntry[] = [];
  for (const version of versions) {
    const found = await archive.read(organization, id, version).catch((cause: unknown) => {
      log.error(
        { thread: id, cause: String(cause) },
        'a thread of the archive cannot be read; it is left as it is',
      );
      return undefined;
    });
    entries = union(entries, found ?? []);
  }
  const thread = foldThread(entries);
  const [first] = versions;
  if (!thread || first === undefined) return 0;
  if (versions.length === 1) return makeKnown(redis, organization, first, thread, entries);
  // Killed between two versions: all that any of them has becomes one.
  const version = newVersion();
  await archive.put(thread, entries, version, signal);
  const known = await makeKnown(redis, organization, version, thread, entries);
  const useless = known === 1 ? versions : [version];
  for (const old of useless) await giveUp(redis, archive, organization, id, old);
  return known;
}

async function makeKnown(
  redis: Redis,
  organization: Organization,
  version: Version,
  thread: NonNullable<ReturnType<typeof foldThread>>,
  entries: readonly StoredEntry[],
): Promise<number> {
  const { id } = thread;
  const keys = [
    archivedKey(organization),
    archivingKey(organization),
    erasedKey(organization),
    erasedBeforeKey(organization),
    threadKey(organization, id),
    entriesKey(organization, id),
    indexKey(organization, id),
    termKey(organization, IN_REDIS),
  ];
  const seen = entries.flatMap(({ epoch, n }) => [String(epoch), String(n)]);
  const args = [
    ...[id, version],
    await archivedValue(archivedFrom(version, thread, entries)),
    ...[String(Date.parse(thread.started_at)), prefixOf(organization), String(seen.length), ...seen],
    ...termsOf(thread).filter((term) => term !== IN_REDIS),
  ];
  return (await adoptIt(redis, keys, args)) as number;
}
