import { randomUUID } from 'node:crypto';
import type { Organization, ThreadId } from '../base/ids.ts';
import type { AnalysisAsk } from './analysis.ts';
import { counted, EVENTS_KEPT } from './append.ts';
import { ADD_ENTRY, COUNT_USAGE, TELL_WEBHOOKS } from './append-steps.ts';
import type { Entry, NumberedEntry } from './entry.ts';
import { foldThread, inOrder } from './fold.ts';
import {
  analysesKey,
  analysisClaimsKey,
  analyzedOrganizationsKey,
  entriesKey,
  erasedKey,
  eventsKey,
  indexKey,
  outboxDueKey,
  prefixOf,
  seenKey,
  threadKey,
  usageKey,
  webhookEventsKey,
} from './keys.ts';
import { readEntries } from './read.ts';
import type { Redis } from './redis.ts';
import { NOW } from './redis-now.ts';
import { script } from './script.ts';
import { fieldsOfSeveral } from './send.ts';
import { PUT_TERMS, termsOf } from './thread-index.ts';
import type { Thread } from './thread.ts';
import { dayOf, usageOf } from './usage.ts';
import { messageOf } from './webhook-message.ts';

/** A thread for this process alone to ask a model about, until the claim runs out. */
export interface AnalysisClaim {
  readonly organization: Organization;
  readonly thread: ThreadId;
  /** From 1: how often it was claimed, and not given back uncounted. */
  readonly attempt: number;
  /** What the claim is known by. */
  readonly mark: string;
}

/** How it went. */
export type AnalysisEntry = Extract<Entry, { kind: 'analysis' }>;

/**
 * Threads that a model is to be asked about. They begin to wait in the step that ends the thread; a process claims one, and one that dies
 * loses its claim, so another claims it. The result and the end of the waiting are one step too: a thread gets one result.
 */
export interface Analyses {
  /** Organizations that have, or had, any. */
  organizations(): Promise<Organization[]>;
  /** Claims what is due the longest. @param lease milliseconds until another process may claim it */
  claim(organization: Organization, lease: number): Promise<AnalysisClaim | undefined>;
  /** The thread, and what is to be asked about it; undefined where it is gone. */
  read(claim: AnalysisClaim): Promise<{ thread: Thread; ask: AnalysisAsk } | undefined>;
  /** Puts the result on the thread. False where the claim had run out or the thread is gone: nothing is written then. */
  settle(claim: AnalysisClaim, entry: AnalysisEntry): Promise<boolean>;
  /** Gives it back. @param delay milliseconds until it is due again @param options.counts false where it was no attempt */
  giveBack(claim: AnalysisClaim, delay: number, options: { counts: boolean }): Promise<void>;
  /** Forgets it: there is nothing to ask about. */
  drop(claim: AnalysisClaim): Promise<void>;
}

/** KEYS: due, claims    ARGV: lease (ms), token. Returns: the thread, and the attempt. */
const claimOne = script(`
${NOW}
local now = clock_now()
local id = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1)[1]
if not id then return false end
local attempt = tonumber(string.match(redis.call('HGET', KEYS[2], id) or '', '^%d+') or 0) + 1
redis.call('ZADD', KEYS[1], now + ARGV[1], id)
redis.call('HSET', KEYS[2], id, attempt .. ' ' .. ARGV[2])
return { id, attempt }
`);

/** KEYS: due, claims    ARGV: thread, mark, delay (ms), attempts so far; a delay of -1 forgets it */
const release = script(`
${NOW}
local id, delay = ARGV[1], tonumber(ARGV[3])
if redis.call('HGET', KEYS[2], id) ~= ARGV[2] then return 0 end
if delay < 0 then
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
else
  redis.call('ZADD', KEYS[1], clock_now() + delay, id)
  redis.call('HSET', KEYS[2], id, ARGV[4] .. ' -')
end
return 1
`);

/**
 * Puts the result on the thread as the first entry of a new epoch: others wrote the epochs before, and count what they wrote.
 *
 * KEYS: due, claims, entries, thread, index, events, erased, which events each webhook wants, the outbox's due times, the day's usage, seen
 * ARGV: thread, mark, how many entries were folded, uid, start (ms), epoch, how many events to keep, what the organization's keys begin
 *       with, the entry as JSON, what webhooks are told (the event, and the message as JSON), how many fields and values follow, those,
 *       how many terms, those, how many counts, and those
 * Returns: 1; 0 where there are more entries by now; -1 where the claim has run out or the thread is gone
 */
const settleOne = script(`
${PUT_TERMS}${ADD_ENTRY}${TELL_WEBHOOKS}${COUNT_USAGE}${NOW}
local analyses, claims, entries, thread, index, events, erased, wanted, due, usage, seen = unpack(KEYS)
local id, prefix = ARGV[1], ARGV[8]
if redis.call('HGET', claims, id) ~= ARGV[2] then return -1 end
local length = redis.call('XLEN', entries)
if length == 0 or redis.call('ZSCORE', erased, id) then
  redis.call('ZREM', analyses, id)
  redis.call('HDEL', claims, id)
  return -1
end
if length ~= tonumber(ARGV[3]) then return 0 end
local i = 12
local function list()
  local from = i + 1
  i = from + tonumber(ARGV[i])
  return { unpack(ARGV, from, i - 1) }
end
local fields, terms, counts = list(), list(), list()
redis.call('SETBIT', seen, 1, 1)
add_entry(entries, events, ARGV[7], id, ARGV[4], { 'epoch', ARGV[6], 'n', 1, 'kind', 'analysis', 'entry', ARGV[9] })
tell_webhooks(wanted, due, prefix, id, clock_now(), ARGV[10], ARGV[11])
redis.call('DEL', thread)
redis.call('HSET', thread, unpack(fields))
put_terms(index, prefix, id, ARGV[5], terms)
count_usage(usage, counts)
redis.call('ZREM', analyses, id)
redis.call('HDEL', claims, id)
return 1
`);

export function analysesIn(redis: Redis): Analyses {
  const free = async ({ organization, thread, mark }: AnalysisClaim, delay: number, attempts: number) => {
    const keys = [analysesKey(organization), analysisClaimsKey(organization)];
    await release(redis, keys, [thread, mark, String(Math.round(delay)), String(attempts)]);
  };
  return {
    organizations: async () =>
      (await redis.run((client) => client.sMembers(analyzedOrganizationsKey()))) as Organization[],
    claim: async (organization, lease) => {
      const token = randomUUID();
      const keys = [analysesKey(organization), analysisClaimsKey(organization)];
      const found = (await claimOne(redis, keys, [String(lease), token])) as [string, number] | null;
      if (!found) return undefined;
      const [thread, attempt] = found;
      return { organization, thread: thread as ThreadId, attempt, mark: `${attempt} ${token}` };
    },
    read: async ({ organization, thread: id }) => {
      const { entries } = await readEntries(redis, organization, id);
      const thread = foldThread(entries);
      const end = inOrder(entries).findLast(({ entry }) => entry.kind === 'ended');
      const ask = end?.entry.kind === 'ended' ? end.entry.analysis : undefined;
      return thread?.analysis?.status === 'pending' && ask ? { thread, ask } : undefined;
    },
    settle: async (claim, entry) => {
      for (;;) {
        const settled = await trySettle(redis, claim, entry);
        if (settled !== 'again') return settled === 'settled';
      }
    },
    giveBack: (claim, delay, { counts }) => free(claim, delay, counts ? claim.attempt : claim.attempt - 1),
    drop: (claim) => free(claim, -1, 0),
  };
}

/** `again` where another entry came in between. */
async function trySettle(
  redis: Redis,
  { organization, thread: id, mark }: AnalysisClaim,
  entry: AnalysisEntry,
): Promise<'settled' | 'lost' | 'again'> {
  const { entries, length } = await readEntries(redis, organization, id);
  const epoch = Math.max(0, ...entries.map((numbered) => numbered.epoch)) + 1;
  const numbered: NumberedEntry = { epoch, n: 1, entry };
  const all = [...entries, numbered];
  const thread = foldThread(all);
  if (!thread) return 'lost';
  const message = messageOf(id, numbered);
  const keys = [
    analysesKey(organization),
    analysisClaimsKey(organization),
    entriesKey(organization, id),
    threadKey(organization, id),
    indexKey(organization, id),
    eventsKey(organization),
    erasedKey(organization),
    webhookEventsKey(organization),
    outboxDueKey(organization),
    usageKey(organization, dayOf(thread)),
    seenKey(organization, id, epoch),
  ];
  const args = [id, mark, String(length), thread.uid, String(Date.parse(thread.started_at)), String(epoch)];
  args.push(String(EVENTS_KEPT), prefixOf(organization), JSON.stringify(entry));
  args.push(message?.event ?? '', message ? JSON.stringify(message) : '');
  args.push(...counted(fieldsOfSeveral(thread, all)), ...counted(termsOf(thread)));
  args.push(...counted(usageOf(entry, thread)));
  const done = await settleOne(redis, keys, args);
  return done === 1 ? 'settled' : done === 0 ? 'again' : 'lost';
}
