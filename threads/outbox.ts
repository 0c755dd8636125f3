import { randomUUID } from 'node:crypto';
import type { Organization, ThreadId, WebhookId } from '../base/ids.ts';
import type { Archive } from './archive/archive.ts';
import {
  deadLettersKey,
  deliveriesKey,
  outboxClaimsKey,
  outboxDueKey,
  outboxKey,
  outboxPrefix,
} from './keys.ts';
import { readWhole } from './read.ts';
import type { Redis } from './redis.ts';
import { NOW } from './redis-now.ts';
import { script } from './script.ts';
import { bodyOf, messageOf, placeOf, type Message, type WebhookBody } from './webhook-message.ts';

/** About how many attempts are kept for each webhook. */
const DELIVERIES_KEPT = 10_000;
/** Queues looked at for one that may be claimed; those of webhooks that have enough in progress are passed over. */
const LOOKED_AT = 500;

/** A message in the outbox. */
export interface Waiting extends Message {
  /** Attempts so far. */
  readonly attempts?: number;
  /** When it was first tried; milliseconds since 1970. */
  readonly since?: number;
}

/** The first message of a queue, for this process alone to send until the claim runs out. */
export interface Claim {
  readonly organization: Organization;
  readonly webhook: WebhookId;
  readonly thread: ThreadId;
  readonly message: Waiting;
  readonly token: string;
}

/** What became of an attempt. */
export type Settlement =
  | { readonly how: 'sent' }
  | { readonly how: 'retry'; readonly message: Waiting; /** Milliseconds. */ readonly delay: number }
  | { readonly how: 'dead'; readonly message: Waiting; readonly error: string }
  /** Nobody is there to be told: all of the queue goes. */
  | { readonly how: 'dropped' };

/** One attempt to tell a webhook something. */
export interface Delivery {
  readonly message: string;
  readonly event: string;
  readonly thread: string;
  readonly result: 'sent' | 'retry' | 'dead';
  /** HTTP status; null where there was no answer. */
  readonly status: number | null;
  readonly error: string | null;
  /** Milliseconds. */
  readonly took: number;
  readonly at: string;
}

export interface DeadLetter extends Message {
  readonly error: string;
  readonly at: string;
}

/** How much is in an outbox. */
export interface OutboxDepths {
  /** Queues whose first message could be sent now. */
  readonly due: number;
  /** Queues that wait for their next attempt, or whose message is under way. */
  readonly waiting: number;
  /** For how long the oldest has been due; milliseconds. */
  readonly oldestDue: number;
  readonly deadLetters: number;
}

/**
 * What webhooks are to be told: for each webhook and thread a queue, in order. Its first message is sent by the process that claims it; one
 * that dies loses its claim, and another sends the message again.
 */
export interface Outbox {
  /**
   * Claims the message that is due the longest.
   *
   * @param options.lease milliseconds until another process may send it, if it was not settled
   * @param options.passOver webhooks that are not to be told more right now
   */
  claim(
    organization: Organization,
    options: { lease: number; passOver: readonly WebhookId[] },
  ): Promise<Claim | undefined>;
  /** False where the claim had run out: another process has the message now. */
  settle(
    claim: Claim,
    settlement: Settlement,
    delivery: Omit<Delivery, 'result'> | undefined,
  ): Promise<boolean>;
  /** What the receiver gets to read; undefined where the thread is gone. */
  body(claim: Claim): Promise<WebhookBody | undefined>;
  /** How much there is to be told to these webhooks. @throws AttendantError as `Redis.run` */
  depths(organization: Organization, webhooks: readonly WebhookId[]): Promise<OutboxDepths>;
  /** Newest first. */
  deliveries(organization: Organization, webhook: WebhookId, limit: number): Promise<Delivery[]>;
  deadLetters(organization: Organization, webhook: WebhookId): Promise<DeadLetter[]>;
  /** Puts a message into its queue once more, also one that was sent. False where its thread is gone. */
  replay(organization: Organization, webhook: WebhookId, message: string): Promise<boolean>;
}

/** KEYS: due, claims    ARGV: the queues' prefix, lease (ms), token, how many are looked at, webhooks passed over */
const claimOne = script(`
${NOW}
local now = clock_now()
local skip = {}
for i = 5, #ARGV do skip[ARGV[i]] = true end
for _, queue in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[4])) do
  if not skip[string.match(queue, '^[^:]+')] then
    local first = redis.call('LINDEX', ARGV[1] .. queue, 0)
    if first then
      redis.call('ZADD', KEYS[1], now + ARGV[2], queue)
      redis.call('HSET', KEYS[2], queue, ARGV[3])
      return { queue, first }
    end
    redis.call('ZREM', KEYS[1], queue)
    redis.call('HDEL', KEYS[2], queue)
  end
end
return false
`);

/**
 * KEYS: queue, due, claims, deliveries, dead letters
 * ARGV: the queue's name, token, how, message id, the message as JSON, delay (ms), how many deliveries are kept, the delivery as JSON or empty
 */
const settleOne = script(`
${NOW}
local queue, due, claims, deliveries, dead = unpack(KEYS)
local name, token, how, id = unpack(ARGV)
if redis.call('HGET', claims, name) ~= token then return 0 end
redis.call('HDEL', claims, name)
local now = clock_now()
if how == 'dropped' then
  redis.call('DEL', queue)
elseif how == 'retry' then
  if redis.call('LLEN', queue) > 0 then redis.call('LSET', queue, 0, ARGV[5]) end
  now = now + ARGV[6]
else
  redis.call('LPOP', queue)
  if how == 'dead' then redis.call('HSET', dead, id, ARGV[5]) end
end
if ARGV[8] ~= '' then redis.call('XADD', deliveries, 'MAXLEN', '~', ARGV[7], '*', 'delivery', ARGV[8]) end
if redis.call('LLEN', queue) > 0 then redis.call('ZADD', due, now, name) else redis.call('ZREM', due, name) end
return 1
`);

/** KEYS: queue, due, dead letters    ARGV: the queue's name, message id, the message as JSON */
const putBack = script(`
${NOW}
redis.call('HDEL', KEYS[3], ARGV[2])
redis.call('RPUSH', KEYS[1], ARGV[3])
redis.call('ZADD', KEYS[2], 'NX', clock_now(), ARGV[1])
return 1
`);

/** KEYS: due, and dead letters    Returns: queues, of those due, for how long the oldest (ms), dead letters */
const measure = script(`
${NOW}
local now = clock_now()
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local dead = 0
for i = 2, #KEYS do dead = dead + redis.call('HLEN', KEYS[i]) end
local age = oldest[2] and math.max(0, now - tonumber(oldest[2])) or 0
return { redis.call('ZCARD', KEYS[1]), redis.call('ZCOUNT', KEYS[1], '-inf', now), age, dead }
`);

export function outboxIn(redis: Redis, archive?: Archive): Outbox {
  return {
    claim: async (organization, { lease, passOver }) => {
      const token = randomUUID();
      const keys = [outboxDueKey(organization), outboxClaimsKey(organization)];
      const args = [outboxPrefix(organization), String(lease), token, String(LOOKED_AT), ...passOver];
      const found = (await claimOne(redis, keys, args)) as [string, string] | null;
      if (!found) return undefined;
      const [webhook, thread] = found[0].split(':') as [WebhookId, ThreadId];
      return { organization, webhook, thread, message: JSON.parse(found[1]) as Waiting, token };
    },
    settle: async ({ organization, webhook, thread, message, token }, settlement, delivery) => {
      const name = `${webhook}:${thread}`;
      const keys = [
        outboxKey(organization, name),
        outboxDueKey(organization),
        outboxClaimsKey(organization),
        deliveriesKey(organization, webhook),
        deadLettersKey(organization, webhook),
      ];
      const { how } = settlement;
      const made: Delivery | undefined =
        delivery && how !== 'dropped' ? { ...delivery, result: how } : undefined;
      const args = [
        ...[name, token, how, message.id, waiting(settlement, delivery?.at ?? '')],
        ...[how === 'retry' ? String(Math.round(settlement.delay)) : '0', String(DELIVERIES_KEPT)],
        made ? JSON.stringify(made) : '',
      ];
      return (await settleOne(redis, keys, args)) === 1;
    },
    body: async ({ organization, thread, message }) =>
      bodyOf(message, await readWhole(redis, organization, thread, archive)),
    depths: async (organization, webhooks) => {
      const dead = webhooks.map((webhook) => deadLettersKey(organization, webhook));
      const found = (await measure(redis, [outboxDueKey(organization), ...dead], [])) as number[];
      const [queues = 0, due = 0, oldestDue = 0, deadLetters = 0] = found;
      return { due, waiting: queues - due, oldestDue, deadLetters };
    },
    deliveries: async (organization, webhook, limit) => {
      const key = deliveriesKey(organization, webhook);
      const found = (await redis.run((client) => client.xRevRange(key, '+', '-', { COUNT: limit }))) ?? [];
      return found.map(({ message }) => JSON.parse(message['delivery'] ?? '{}') as Delivery);
    },
    deadLetters: async (organization, webhook) => {
      const all = await redis.run((client) => client.hGetAll(deadLettersKey(organization, webhook)));
      const letters = Object.values(all).map((json) => JSON.parse(json) as DeadLetter);
      return letters.sort((a, b) => (a.at < b.at ? -1 : 1));
    },
    replay: async (organization, webhook, id) => {
      const place = placeOf(id);
      if (!place) return false;
      const { thread, epoch, n } = place;
      const entries = await readWhole(redis, organization, thread, archive);
      const entry = entries.find((numbered) => numbered.epoch === epoch && numbered.n === n);
      const message = entry && messageOf(thread, entry);
      if (!message) return false;
      const name = `${webhook}:${thread}`;
      const keys = [
        outboxKey(organization, name),
        outboxDueKey(organization),
        deadLettersKey(organization, webhook),
      ];
      await putBack(redis, keys, [name, id, JSON.stringify(message)]);
      return true;
    },
  };
}

/** What is kept of a message that was not taken. */
function waiting(settlement: Settlement, at: string): string {
  switch (settlement.how) {
    case 'retry':
      return JSON.stringify(settlement.message);
    case 'dead': {
      const { id, event } = settlement.message;
      return JSON.stringify({ id, event, error: settlement.error, at } satisfies DeadLetter);
    }
    case 'sent':
    case 'dropped':
      return '';
    default:
      return settlement satisfies never;
  }
}
