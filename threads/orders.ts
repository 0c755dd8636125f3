import { AttendantError } from '../base/errors.ts';
import type { Organization, ThreadId } from '../base/ids.ts';
import type { ThreadStart } from './entry.ts';
import {
  orderingOrganizationsKey,
  ordersKey,
  ordersLiveKey,
  ordersLostKey,
  ordersRecentKey,
  ordersWaitingKey,
} from './keys.ts';
import type { Redis } from './redis.ts';
import { NOW } from './redis-now.ts';
import { script } from './script.ts';

/** A call that an agent is to make. What it is about stands on its thread's start: who is called (`dialed`), by whom, with which variables. */
export interface Order {
  readonly start: ThreadStart;
  readonly trunk: string | null;
  readonly caller_id: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Seconds; the definition's where it is null. */
  readonly ring_timeout: number | null;
}

/** What has to be done about orders that no worker has taken yet. */
export interface Due {
  /** An agent is to be sent for (again). */
  readonly waiting: readonly Order[];
  /** Nobody took them in time: their threads are to be ended. */
  readonly lost: readonly Order[];
}

/** How many calls of its own an organization may have. */
export interface Limits {
  readonly calls: number;
  readonly perMinute: number;
}

/** How patient we are. Milliseconds. */
export interface OrderPace {
  /** For a worker to take an order; agents are sent for again and again until then. */
  readonly takenWithin: number;
  readonly sendAgain: number;
  /** For a process to end the thread of a lost order, before another one does. */
  readonly endWithin: number;
  /** That a call counts which nobody holds any longer. */
  readonly held: number;
}
const PACE: OrderPace = { takenWithin: 15_000, sendAgain: 4_000, endWithin: 10_000, held: 60_000 };
/** How often a call is held by its worker. */
export const HOLD_EVERY = 20_000;
/** Orders looked at in one step. */
const LOOKED_AT = 50;

/** The calls that organizations have agents make, from the order until they are over. All methods reject as `Redis.run`. */
export interface Orders {
  /** @throws AttendantError E_OUTBOUND_LIMIT, with the milliseconds to wait as `cause` (`OverLimit`) */
  place(order: Order, limits: Limits): Promise<void>;
  /** Takes an order back that was never begun. */
  withdraw(organization: Organization, id: ThreadId): Promise<void>;
  /** Hands the order to one worker, once; undefined where another one has it, or nobody is to have it any more. */
  take(organization: Organization, id: ThreadId): Promise<Order | undefined>;
  /** The call goes on. To be said again within a minute. */
  hold(organization: Organization, id: ThreadId): Promise<void>;
  /** The call is over, or its thread was ended. */
  over(organization: Organization, id: ThreadId): Promise<void>;
  /** What is due now; each for one process only, and again later while it is not done. */
  due(organization: Organization): Promise<Due>;
  /** Organizations that have, or had, orders. */
  organizations(): Promise<Organization[]>;
}

/** Why an order was refused. */
export class OverLimit extends Error {
  /** Milliseconds until there may be room. */
  readonly wait: number;

  constructor(wait: number) {
    super('too many calls');
    this.wait = wait;
  }
}

/**
 * Lua: puts an order down unless the organization has as many calls as it may. `keys`: live, recent, waiting, orders. `args`: the order's id, the
 * order as JSON, calls at once, calls a minute, taken within (ms), first look (ms). Returns `placed`, or which limit it was and how long to wait (ms).
 */
export const PLACE_ORDER = `
local function place_order(now, keys, args)
  local live, recent, waiting, orders = unpack(keys)
  redis.call('ZREMRANGEBYSCORE', live, '-inf', now)
  redis.call('ZREMRANGEBYSCORE', recent, '-inf', now - 60000)
  if redis.call('ZCARD', live) >= tonumber(args[3]) then return { 'calls', 5000 } end
  if redis.call('ZCARD', recent) >= tonumber(args[4]) then
    local first = redis.call('ZRANGE', recent, 0, 0, 'WITHSCORES')
    return { 'rate', first[2] and first[2] + 60000 - now or 60000 }
  end
  redis.call('ZADD', live, now + args[5], args[1])
  redis.call('ZADD', recent, now, args[1])
  redis.call('ZADD', waiting, now + args[6], args[1])
  redis.call('HSET', orders, args[1], args[2])
  return { 'placed', 0 }
end
`;

/** KEYS and ARGV: as `PLACE_ORDER` takes them. */
const place = script(`
${NOW}${PLACE_ORDER}
return place_order(clock_now(), KEYS, ARGV)
`);

/** Where an order is put down, and with what: the KEYS and ARGV of `PLACE_ORDER`. */
export function placing(
  order: Order,
  { calls, perMinute }: Limits,
  { takenWithin, sendAgain }: Pick<OrderPace, 'takenWithin' | 'sendAgain'> = PACE,
): { keys: string[]; args: string[] } {
  const { organization, id } = order.start;
  const keys = [ordersLiveKey, ordersRecentKey, ordersWaitingKey, ordersKey].map((key) => key(organization));
  const limits = [calls, perMinute, takenWithin, sendAgain].map(String);
  return { keys, args: [id, JSON.stringify(order), ...limits] };
}

/** To be called before the first order of an organization, so that nothing that waits is overlooked. @throws AttendantError as `Redis.run` */
export async function noteOrdering(redis: Redis, organization: Organization): Promise<void> {
  await redis.run((client) => client.sAdd(orderingOrganizationsKey(), organization));
}

/** KEYS: waiting, live, orders, recent, lost    ARGV: id */
const withdraw = script(`
for i = 1, 5 do
  if i == 3 then redis.call('HDEL', KEYS[i], ARGV[1]) else redis.call('ZREM', KEYS[i], ARGV[1]) end
end
return 1
`);

/** KEYS: waiting, live, orders    ARGV: id, how long it counts (ms) */
const take = script(`
${NOW}
local now = clock_now()
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return false end
local order = redis.call('HGET', KEYS[3], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[1])
return order
`);

/** KEYS: live    ARGV: id, how long it counts (ms) */
const hold = script(`
${NOW}
local now = clock_now()
return redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
`);

/** KEYS: live, lost, orders    ARGV: id */
const over = script(`
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('HDEL', KEYS[3], ARGV[1])
`);

/** KEYS: waiting, live, orders, lost    ARGV: send again (ms), end within (ms), how many are looked at */
const due = script(`
${NOW}
local now = clock_now()
local waiting, live, orders, lost = unpack(KEYS)
local found = { {}, {} }
for _, id in ipairs(redis.call('ZRANGEBYSCORE', waiting, '-inf', now, 'LIMIT', 0, ARGV[3])) do
  local order = redis.call('HGET', orders, id)
  if not order then
    redis.call('ZREM', waiting, id)
  elseif tonumber(redis.call('ZSCORE', live, id) or 0) <= now then
    redis.call('ZREM', waiting, id)
    redis.call('ZADD', lost, now, id)
  else
    redis.call('ZADD', waiting, now + ARGV[1], id)
    table.insert(found[1], order)
  end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', lost, '-inf', now, 'LIMIT', 0, ARGV[3])) do
  local order = redis.call('HGET', orders, id)
  if order then
    redis.call('ZADD', lost, now + ARGV[2], id)
    table.insert(found[2], order)
  else
    redis.call('ZREM', lost, id)
  end
end
return found
`);

export function ordersIn(redis: Redis, changes: Partial<OrderPace> = {}): Orders {
  const { takenWithin, sendAgain, endWithin, held } = { ...PACE, ...changes };
  return {
    place: async (order, limits) => {
      await noteOrdering(redis, order.start.organization);
      const { keys, args } = placing(order, limits, { takenWithin, sendAgain });
      const [how, wait] = (await place(redis, keys, args)) as ['placed' | 'calls' | 'rate', number];
      if (how === 'placed') return;
      const { calls, perMinute } = limits;
      const what = how === 'calls' ? `${calls} calls at once` : `${perMinute} calls within a minute`;
      throw new AttendantError('E_OUTBOUND_LIMIT', `an organization may have ${what}`, {
        cause: new OverLimit(wait),
      });
    },
    withdraw: async (organization, id) => {
      const keys = [ordersWaitingKey, ordersLiveKey, ordersKey, ordersRecentKey, ordersLostKey];
      await withdraw(
        redis,
        keys.map((key) => key(organization)),
        [id],
      );
    },
    take: async (organization, id) => {
      const keys = [ordersWaitingKey, ordersLiveKey, ordersKey].map((key) => key(organization));
      const found = (await take(redis, keys, [id, String(held)])) as string | null;
      return found === null ? undefined : (JSON.parse(found) as Order);
    },
    hold: async (organization, id) => {
      await hold(redis, [ordersLiveKey(organization)], [id, String(held)]);
    },
    over: async (organization, id) => {
      const keys = [ordersLiveKey, ordersLostKey, ordersKey].map((key) => key(organization));
      await over(redis, keys, [id]);
    },
    due: async (organization) => {
      const keys = [ordersWaitingKey, ordersLiveKey, ordersKey, ordersLostKey].map((key) =>
        key(organization),
      );
      const args = [sendAgain, endWithin, LOOKED_AT].map(String);
      const [waiting, lost] = (await due(redis, keys, args)) as [string[], string[]];
      const parsed = (texts: string[]) => texts.map((text) => JSON.parse(text) as Order);
      return { waiting: parsed(waiting), lost: parsed(lost) };
    },
    organizations: async () =>
      (await redis.run((client) => client.sMembers(orderingOrganizationsKey()))) as Organization[],
  };
}
