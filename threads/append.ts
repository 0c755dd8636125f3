import { ADD_ENTRY, COUNT_USAGE, TELL_WEBHOOKS } from './append-steps.ts';
import type { ThreadStart } from './entry.ts';
import {
  analysesKey,
  archivedKey,
  entriesKey,
  erasedBeforeKey,
  erasedKey,
  eventsKey,
  indexKey,
  outboxDueKey,
  prefixOf,
  seenKey,
  termKey,
  threadKey,
  usageKey,
  webhookEventsKey,
} from './keys.ts';
import type { Redis } from './redis.ts';
import { NOW } from './redis-now.ts';
import { script } from './script.ts';
import { IN_REDIS, PUT_TERMS } from './thread-index.ts';
import { dayOf } from './usage.ts';
import type { Message } from './webhook-message.ts';

/** About how many entries the organization's live stream keeps. */
export const EVENTS_KEPT = 100_000;

/**
 * Appends entries of one thread and epoch, those left out that were seen already, in one step; what webhooks are to be told is in the
 * outbox with the entry, what it used is counted, and what a model is to be asked about is waiting for that, or none of it is. An entry has
 * the same id in the thread's stream and in the organization's, so that who follows one can go on in the other.
 *
 * KEYS: seen, entries, thread, index, events, erased, which events each webhook wants, the outbox's due times, the day's usage, the analyses'
 *       due times, archived, in Redis, erased before
 * ARGV: thread id, uid, start (ms), epoch, how many events to keep, what the organization's keys begin with (they all have the KEYS' hash
 *       tag), then for each entry: n, kind, the entry as JSON, what webhooks are told (the event, and the message as JSON; empty for
 *       nothing), whether a model is to be asked (1), how many fields and values follow, those (the thread without its history, none where
 *       the entry changes only the history), how many terms follow, those (`thread-index.ts`), how many counts follow, and those (`usage.ts`)
 * Returns: how many entries of this epoch have been seen, and whether another epoch wrote to the thread too. In that case a
 *       writer knows only part of the thread, so the hash is left alone and the caller folds it anew. Of an erased thread nothing is
 *       taken, and all counts as seen, so that nobody sends it again. What comes late to a thread in the archive waits in Redis until it is
 *       moved there too; what lists show of it is written then.
 */
const append = script(`
${PUT_TERMS}${ADD_ENTRY}${TELL_WEBHOOKS}${COUNT_USAGE}${NOW}
local seen, entries, thread, index, events, erased, wanted, due, usage, analyses, archived, in_redis, erased_before =
  unpack(KEYS)
local id, prefix = ARGV[1], ARGV[6]
if redis.call('ZSCORE', erased, id) then return { 2147483647, 0 } end
if tonumber(ARGV[3]) < tonumber(redis.call('GET', erased_before) or 0) then return { 2147483647, 0 } end
local moved = redis.call('HEXISTS', archived, id) == 1
local epoch = ARGV[4]
local before = redis.call('HMGET', thread, 'epoch', 'n', 'epochs')
local last, mixed = tonumber(before[2] or 0), before[3] == 'several'
if before[1] and before[1] ~= epoch and not mixed then
  mixed = true
  redis.call('HSET', thread, 'epochs', 'several')
end
local now = clock_now()
local i = 7
local function list()
  local count = tonumber(ARGV[i])
  local from = i + 1
  i = from + count
  return count, from, i - 1
end
while i <= #ARGV do
  local n, kind, entry, event, message, asked = unpack(ARGV, i, i + 5)
  i = i + 6
  local fields, field, last_field = list()
  local _, term, last_term = list()
  local _, count, last_count = list()
  if redis.call('SETBIT', seen, n, 1) == 0 then
    local values = { 'epoch', epoch, 'n', n, 'kind', kind, 'entry', entry }
    add_entry(entries, events, ARGV[5], id, ARGV[2], values)
    if moved then redis.call('ZADD', in_redis, ARGV[3], id) end
    tell_webhooks(wanted, due, prefix, id, now, event, message)
    count_usage(usage, { unpack(ARGV, count, last_count) })
    if asked == '1' then redis.call('ZADD', analyses, 'NX', now, id) end
    if fields > 0 and not mixed and not moved and tonumber(n) > last then
      last = tonumber(n)
      redis.call('HSET', thread, 'epoch', epoch, 'n', n, unpack(ARGV, field, last_field))
      put_terms(index, prefix, id, ARGV[3], { unpack(ARGV, term, last_term) })
    end
  end
end
return { redis.call('BITCOUNT', seen), mixed and 1 or 0 }
`);

/**
 * Replaces the hash, and the terms with it, unless an entry came in since it was folded: then that one's writer folds it.
 *
 * KEYS: thread, entries, index, erased, archived
 * ARGV: how many entries were folded, thread id, start (ms), what terms' keys start with, how many fields and values follow, those, and
 *       the terms
 */
const refold = script(`
${PUT_TERMS}
local thread, entries, index, erased, archived = unpack(KEYS)
if redis.call('ZSCORE', erased, ARGV[2]) or redis.call('HEXISTS', archived, ARGV[2]) == 1 then return 1 end
if redis.call('XLEN', entries) ~= tonumber(ARGV[1]) then return 0 end
local terms = 6 + tonumber(ARGV[5])
redis.call('DEL', thread)
redis.call('HSET', thread, unpack(ARGV, 6, terms - 1))
put_terms(index, ARGV[4], ARGV[2], ARGV[3], { unpack(ARGV, terms) })
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
  /** What the thread is found by from this entry on; empty where it did not change. */
  readonly terms: readonly string[];
  /** What is added to the day's usage: fields and counts (`usage.ts`). */
  readonly usage: readonly string[];
  /** A model is to be asked about the call. */
  readonly asked: boolean;
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
    indexKey(organization, id),
    eventsKey(organization),
    erasedKey(organization),
    webhookEventsKey(organization),
    outboxDueKey(organization),
    usageKey(organization, dayOf(start)),
    analysesKey(organization),
    archivedKey(organization),
    termKey(organization, IN_REDIS),
    erasedBeforeKey(organization),
  ];
  const started = String(Date.parse(start.started_at));
  const args = [id, uid, started, String(epoch), String(EVENTS_KEPT), prefixOf(organization)];
  for (const { n, kind, json, message, summary, terms, usage, asked } of items) {
    args.push(String(n), kind, json, message?.event ?? '', message ? JSON.stringify(message) : '');
    args.push(asked ? '1' : '', ...counted(summary), ...counted(terms), ...counted(usage));
  }
  const [seen, mixed] = (await append(redis, keys, args)) as [number, number];
  return { seen, mixed: mixed === 1 };
}

/** A list as scripts take it: how many, then each. */
export const counted = (list: readonly string[]): string[] => [String(list.length), ...list];

/**
 * Writes the hash of a thread, folded from `count` entries, and what it is found by; false where there are more entries by now.
 *
 * @throws AttendantError as `Redis.run`
 */
export async function replaceHash(
  redis: Redis,
  start: Pick<ThreadStart, 'organization' | 'id' | 'started_at'>,
  count: number,
  fields: readonly string[],
  terms: readonly string[],
): Promise<boolean> {
  const { organization, id } = start;
  const keys = [
    threadKey(organization, id),
    entriesKey(organization, id),
    indexKey(organization, id),
    erasedKey(organization),
    archivedKey(organization),
  ];
  const at = String(Date.parse(start.started_at));
  const args = [String(count), id, at, prefixOf(organization), String(fields.length), ...fields, ...terms];
  return (await refold(redis, keys, args)) === 1;
}
