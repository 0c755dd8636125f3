import type { ThreadStart } from './entry.ts';
import { entriesKey, eventsKey, seenKey, threadKey, threadsKey, uidKey } from './keys.ts';
import type { Redis } from './redis.ts';
import { script } from './script.ts';

/** About how many entries the organization's live stream keeps. */
const EVENTS_KEPT = 100_000;

/**
 * Appends entries of one thread and epoch, those left out that were seen already, in one step.
 *
 * KEYS: seen, entries, thread, uid, threads, events
 * ARGV: thread id, uid, start (ms), epoch, how many events to keep, then for each entry: n, kind, the entry as JSON, how many
 *       fields and values follow, and those: the thread without its history, none where the entry changes only the history
 * Returns: how many entries of this epoch have been seen, and whether another epoch wrote to the thread too. In that case a
 *       writer knows only part of the thread, so the hash is left alone and the caller folds it anew.
 */
const APPEND = script(`
local seen, entries, thread, uid, threads, events = unpack(KEYS)
local epoch = ARGV[4]
local before = redis.call('HMGET', thread, 'epoch', 'n', 'epochs')
local last, mixed = tonumber(before[2] or 0), before[3] == 'several'
if before[1] and before[1] ~= epoch and not mixed then
  mixed = true
  redis.call('HSET', thread, 'epochs', 'several')
end
local i = 6
while i <= #ARGV do
  local n, kind, entry, count = ARGV[i], ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3])
  if redis.call('SETBIT', seen, n, 1) == 0 then
    redis.call('XADD', entries, '*', 'epoch', epoch, 'n', n, 'kind', kind, 'entry', entry)
    redis.call('XADD', events, 'MAXLEN', '~', ARGV[5], '*',
      'thread', ARGV[1], 'uid', ARGV[2], 'epoch', epoch, 'n', n, 'kind', kind, 'entry', entry)
    if kind == 'started' then
      redis.call('ZADD', uid, ARGV[3], ARGV[1])
      redis.call('ZADD', threads, ARGV[3], ARGV[1])
    end
    if count > 0 and not mixed and tonumber(n) > last then
      last = tonumber(n)
      redis.call('HSET', thread, 'epoch', epoch, 'n', n, unpack(ARGV, i + 4, i + 3 + count))
    end
  end
  i = i + 4 + count
end
return { redis.call('BITCOUNT', seen), mixed and 1 or 0 }
`);

/**
 * Replaces the hash, unless an entry came in since it was folded: then that one's writer folds it.
 *
 * KEYS: thread, entries    ARGV: how many entries were folded, then fields and values
 */
const REFOLD = script(`
if redis.call('XLEN', KEYS[2]) ~= tonumber(ARGV[1]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
`);

/** An entry as it goes to Redis. */
export interface Item {
  readonly n: number;
  readonly kind: string;
  /** The entry as JSON. */
  readonly json: string;
  /** The thread without its history up to this entry, as `hashFields`; empty where it did not change. */
  readonly summary: readonly string[];
}

export interface Appended {
  /** How many entries of the epoch Redis holds now. */
  readonly seen: number;
  /** Another epoch wrote to the thread too: fold the hash anew (`replaceHash`). */
  readonly mixed: boolean;
}

/**
 * Appends the items that Redis has not seen, in one atomic step; without items it only counts. Doing it again changes nothing.
 *
 * @throws AttendantError as `Redis.run`
 */
export async function appendEntries(
  redis: Redis,
  start: ThreadStart,
  epoch: number,
  items: readonly Item[],
): Promise<Appended> {
  const { id, uid, organization } = start;
  const keys = [
    seenKey(organization, id, epoch),
    entriesKey(organization, id),
    threadKey(organization, id),
    uidKey(organization, uid),
    threadsKey(organization),
    eventsKey(organization),
  ];
  const args = [id, uid, String(Date.parse(start.started_at)), String(epoch), String(EVENTS_KEPT)];
  for (const item of items) {
    args.push(String(item.n), item.kind, item.json, String(item.summary.length), ...item.summary);
  }
  const [seen, mixed] = (await APPEND(redis, keys, args)) as [number, number];
  return { seen, mixed: mixed === 1 };
}

/**
 * Writes the hash of a thread, folded from `count` entries; false where there are more entries by now.
 *
 * @throws AttendantError as `Redis.run`
 */
export async function replaceHash(
  redis: Redis,
  start: Pick<ThreadStart, 'organization' | 'id'>,
  count: number,
  fields: readonly string[],
): Promise<boolean> {
  const keys = [threadKey(start.organization, start.id), entriesKey(start.organization, start.id)];
  const args = [String(count), ...fields];
  return (await REFOLD(redis, keys, args)) === 1;
}
