import type { ThreadStart } from './entry.ts';
import {
  entriesKey,
  eventsKey,
  outboxDueKey,
  outboxPrefix,
  seenKey,
  threadKey,
  threadsKey,
  uidKey,
  webhookEventsKey,
} from './keys.ts';
import type { Redis } from './redis.ts';
import { script } from './script.ts';
import type { Message } from './webhook-message.ts';

/** About how many entries the organization's live stream keeps. */
const EVENTS_KEPT = 100_000;

/**
 * Appends entries of one thread and epoch, those left out that were seen already, in one step; what webhooks are to be told is in the outbox
 * with the entry, or neither is.
 *
 * KEYS: seen, entries, thread, uid, threads, events, which events each webhook wants, the outbox's due times
 * ARGV: thread id, uid, start (ms), epoch, how many events to keep, what the outbox's queues begin with (they have the KEYS' hash tag),
 *       then for each entry: n, kind, the entry as JSON, what webhooks are told (the event, and the message as JSON; empty for nothing), how
 *       many fields and values follow, and those: the thread without its history, none where the entry changes only the history
 * Returns: how many entries of this epoch have been seen, and whether another epoch wrote to the thread too. In that case a
 *       writer knows only part of the thread, so the hash is left alone and the caller folds it anew.
 */
const append = script(`
local seen, entries, thread, uid, threads, events, wanted, due = unpack(KEYS)
local epoch = ARGV[4]
local before = redis.call('HMGET', thread, 'epoch', 'n', 'epochs')
local last, mixed = tonumber(before[2] or 0), before[3] == 'several'
if before[1] and before[1] ~= epoch and not mixed then
  mixed = true
  redis.call('HSET', thread, 'epochs', 'several')
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local hooks
local i = 7
while i <= #ARGV do
  local n, kind, entry, event, message, count = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], tonumber(ARGV[i + 5])
  if redis.call('SETBIT', seen, n, 1) == 0 then
    redis.call('XADD', entries, '*', 'epoch', epoch, 'n', n, 'kind', kind, 'entry', entry)
    redis.call('XADD', events, 'MAXLEN', '~', ARGV[5], '*',
      'thread', ARGV[1], 'uid', ARGV[2], 'epoch', epoch, 'n', n, 'kind', kind, 'entry', entry)
    if kind == 'started' then
      redis.call('ZADD', uid, ARGV[3], ARGV[1])
      redis.call('ZADD', threads, ARGV[3], ARGV[1])
    end
    if event ~= '' then
      hooks = hooks or redis.call('HGETALL', wanted)
      for h = 1, #hooks, 2 do
        if string.find(hooks[h + 1], ' ' .. event .. ' ', 1, true) then
          local queue = hooks[h] .. ':' .. ARGV[1]
          redis.call('RPUSH', ARGV[6] .. queue, message)
          redis.call('ZADD', due, 'NX', now, queue)
        end
      end
    end
    if count > 0 and not mixed and tonumber(n) > last then
      last = tonumber(n)
      redis.call('HSET', thread, 'epoch', epoch, 'n', n, unpack(ARGV, i + 6, i + 5 + count))
    end
  end
  i = i + 6 + count
end
return { redis.call('BITCOUNT', seen), mixed and 1 or 0 }
`);

/**
 * Replaces the hash, unless an entry came in since it was folded: then that one's writer folds it.
 *
 * KEYS: thread, entries    ARGV: how many entries were folded, then fields and values
 */
const refold = script(`
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
  /** What webhooks are told of it. */
  readonly message: Message | undefined;
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
    webhookEventsKey(organization),
    outboxDueKey(organization),
  ];
  const started = String(Date.parse(start.started_at));
  const args = [id, uid, started, String(epoch), String(EVENTS_KEPT), outboxPrefix(organization)];
  for (const { n, kind, json, message, summary } of items) {
    args.push(String(n), kind, json, message?.event ?? '', message ? JSON.stringify(message) : '');
    args.push(String(summary.length), ...summary);
  }
  const [seen, mixed] = (await append(redis, keys, args)) as [number, number];
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
  return (await refold(redis, keys, args)) === 1;
}
