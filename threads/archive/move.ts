import type { Organization, ThreadId } from '../../base/ids.ts';
import { foldThread } from '../fold.ts';
import { withoutHistory } from '../hash.ts';
import {
  analysesKey,
  archivedKey,
  archivingKey,
  entriesKey,
  erasedKey,
  indexKey,
  prefixOf,
  termKey,
  threadKey,
  webhooksKey,
} from '../keys.ts';
import { readEntries, union } from '../read.ts';
import type { Redis } from '../redis.ts';
import { script } from '../script.ts';
import { IN_REDIS, termsOf } from '../thread-index.ts';
import { newVersion, type Archive, type StoredEntry } from './archive.ts';
import { archivedFrom, archivedOf, archivedValue, VERSION_LENGTH } from './archived.ts';
import { claim, giveUp } from './claims.ts';

/**
 * Takes the thread's entries out of Redis, now that the archive has them, unless anything happened to it since they were read: an entry
 * came, somebody else moved it, it was erased, the claim is no more, a webhook is to be told of it, a model is to be asked about it. Then nothing changes.
 *
 * KEYS: archived, archiving, erased, thread, entries, index, in Redis, webhooks, analyses
 * ARGV: thread id, version, version before (empty for none), characters of a version, id of the last entry that was read, what is kept in Redis,
 *       start (ms), what terms' keys start with, how many terms it had while it was in the archive before, how many entries were read,
 *       those terms, and its terms
 * Returns: 1 where it moved
 */
const moveIt = script(`
local archived, archiving, erased, thread, entries, index, in_redis, webhooks, analyses = unpack(KEYS)
local id, version, before, prefix = ARGV[1], ARGV[2], ARGV[3], ARGV[8]
local mine = redis.call('ZSCORE', archiving, id .. ':' .. version)
if not mine or tonumber(mine) < 0 or redis.call('ZSCORE', erased, id) then return 0 end
if redis.call('ZSCORE', analyses, id) then return 0 end
local last = redis.call('XREVRANGE', entries, '+', '-', 'COUNT', 1)[1]
if (last and last[1] or '') ~= ARGV[5] or redis.call('XLEN', entries) ~= tonumber(ARGV[10]) then return 0 end
local value = redis.call('HGET', archived, id)
if (value and string.sub(value, 1, ARGV[4]) or '') ~= before then return 0 end
for _, webhook in ipairs(redis.call('HKEYS', webhooks)) do
  if redis.call('EXISTS', prefix .. 'outbox:' .. webhook .. ':' .. id) == 1 then return 0 end
end
local terms = 11 + tonumber(ARGV[9])
for _, term in ipairs(redis.call('SMEMBERS', index)) do redis.call('ZREM', prefix .. term, id) end
for i = 11, terms - 1 do redis.call('ZREM', prefix .. ARGV[i], id) end
for i = terms, #ARGV do redis.call('ZADD', prefix .. ARGV[i], ARGV[7], id) end
redis.call('HSET', archived, id, ARGV[6])
redis.call('UNLINK', thread, entries, index)
redis.call('ZREM', in_redis, id)
redis.call('ZREM', archiving, id .. ':' .. version)
if before ~= '' then redis.call('ZADD', archiving, -1, id .. ':' .. before) end
return 1
`);

/** What became of a thread that was to move. */
export type Moved = 'moved' | 'not yet' | 'busy';

/**
 * Moves a thread from Redis to the archive: written there first, then taken out of Redis in one step. Killed at any point it is where it
 * was, and is moved by who comes next.
 *
 * @param options.startedBefore milliseconds since 1970: a younger one stays
 * @param options.lease milliseconds after which another process may try: more than the archive's time limits add up to
 * @throws AttendantError as `Redis.run` and `Archive`; the signal's reason
 */
export async function moveThread(
  redis: Redis,
  archive: Archive,
  organization: Organization,
  id: ThreadId,
  options: { startedBefore: number; lease: number; signal: AbortSignal },
): Promise<Moved> {
  const { signal, lease } = options;
  const version = newVersion();
  if (!(await claim(redis, organization, { id, version, lease }))) return 'busy';
  const { entries: here, length, last } = await readEntries(redis, organization, id);
  const [before] = await archivedOf(redis, organization, [id]);
  if (before && length === 0) {
    // Somebody else moved it just now.
    await giveUp(redis, archive, organization, id, version);
    return 'busy';
  }
  const there = before ? await archive.read(organization, id, before.version) : [];
  const entries = there && union(there, here);
  const thread = entries && foldThread(entries);
  const isOld = thread !== undefined && Date.parse(thread.started_at) < options.startedBefore;
  if (!entries || !isOld || thread.status !== 'ended' || !isWhole(entries)) {
    await giveUp(redis, archive, organization, id, version);
    return 'not yet';
  }
  await archive.put(thread, entries, version, signal);
  const summary = withoutHistory(thread);
  const terms = (of: typeof summary) => termsOf(of).filter((term) => term !== IN_REDIS);
  const termsBefore = before ? terms(before.summary) : [];
  const keys = [
    archivedKey(organization),
    archivingKey(organization),
    erasedKey(organization),
    threadKey(organization, id),
    entriesKey(organization, id),
    indexKey(organization, id),
    termKey(organization, IN_REDIS),
    webhooksKey(organization),
    analysesKey(organization),
  ];
  const args = [
    ...[id, version, before?.version ?? '', String(VERSION_LENGTH), last],
    await archivedValue(archivedFrom(version, thread, entries)),
    ...[String(Date.parse(thread.started_at)), prefixOf(organization)],
    ...[String(termsBefore.length), String(length), ...termsBefore, ...terms(summary)],
  ];
  if ((await moveIt(redis, keys, args)) === 1) return 'moved';
  await giveUp(redis, archive, organization, id, version);
  return 'not yet';
}

/**
 * Whether no entry is missing that a journal on some worker's disk may still bring: each epoch's numbers are there without a hole. An epoch of
 * which nothing is there is none that anybody knows of; what comes of it later is moved then.
 */
function isWhole(entries: readonly StoredEntry[]): boolean {
  const counts = new Map<number, { count: number; last: number }>();
  for (const { epoch, n } of entries) {
    const { count, last } = counts.get(epoch) ?? { count: 0, last: 0 };
    counts.set(epoch, { count: count + 1, last: Math.max(last, n) });
  }
  return [...counts.values()].every(({ count, last }) => count === last);
}
