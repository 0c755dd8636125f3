import { createHash } from 'node:crypto';
import type { AgentName, Organization } from '../base/ids.ts';
import { dialedForKey, dialedKey, dialedToKey, dialingOverKey } from './keys.ts';
import type { Redis } from './redis.ts';
import { NOW } from './redis-now.ts';
import { script } from './script.ts';

/** How much an agent may dial; without a limit where one is undefined. */
export interface DialingLimits {
  /** INVITEs and REFERs within an hour: of the agent, for one and the same caller, to one and the same destination. */
  readonly per_hour?: number | undefined;
  readonly per_caller?: number | undefined;
  readonly per_destination?: number | undefined;
  /** Calls at once over a trunk, of whatever agent of the organization. */
  readonly per_trunk?: number | undefined;
}
export type DialingLimit = keyof DialingLimits;

/** What is to be dialed, and for whom. */
export interface Dialed {
  readonly organization: Organization;
  readonly agent: AgentName;
  /** Whom the agent talks to; those without a number are one. */
  readonly caller: string;
  readonly to: string;
  readonly trunk?: string | undefined;
}

/** Milliseconds that a call over a trunk counts which nobody holds any longer, and how often it is held. */
const HELD = 60_000;
export const HOLD_DIALED_EVERY = 20_000;

/**
 * What agents have dialed within the last hour and dial now, counted by Redis's own clock, so that all workers and API processes know the same. All
 * methods reject as `Redis.run`.
 */
export interface Dialing {
  /**
   * Counts an attempt, in one step, unless it is one too many. One over a trunk counts there until it is `over`, and no longer than a minute where it is
   * not held.
   *
   * @param id tells this attempt from all others.
   */
  take(id: string, dialed: Dialed, limits: DialingLimits): Promise<'taken' | DialingLimit>;
  /** What `take` would say; nothing is counted. */
  look(dialed: Dialed, limits: DialingLimits): Promise<'taken' | DialingLimit>;
  /** To be said again within a minute. */
  hold(organization: Organization, trunk: string, id: string): Promise<void>;
  over(organization: Organization, trunk: string, id: string): Promise<void>;
}

/**
 * KEYS: of the agent, for the caller, to the destination, over the trunk    ARGV: id, a limit for each key (-1: none), whether it goes over a trunk,
 * held (ms), whether it is only looked
 */
const take = script(`
${NOW}
local now = clock_now()
local hour = 3600000
local names = { 'per_hour', 'per_caller', 'per_destination', 'per_trunk' }
for i, name in ipairs(names) do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', i == 4 and now or now - hour)
  local most = tonumber(ARGV[1 + i])
  local counts = i < 4 or ARGV[6] == '1'
  if counts and most >= 0 and redis.call('ZCARD', KEYS[i]) >= most then return name end
end
if ARGV[8] == '1' then return 'taken' end
for i = 1, 3 do
  redis.call('ZADD', KEYS[i], now, ARGV[1])
  redis.call('PEXPIRE', KEYS[i], hour)
end
if ARGV[6] == '1' then
  redis.call('ZADD', KEYS[4], now + ARGV[7], ARGV[1])
  redis.call('PEXPIRE', KEYS[4], ARGV[7])
end
return 'taken'
`);

/** KEYS: over the trunk    ARGV: id, held (ms) */
const hold = script(`
${NOW}
redis.call('ZADD', KEYS[1], clock_now() + ARGV[2], ARGV[1])
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`);

/** @param held milliseconds that a call over a trunk counts which nobody holds. */
export function dialingIn(redis: Redis, held = HELD): Dialing {
  const ask = async (id: string, dialed: Dialed, limits: DialingLimits, looks: boolean) => {
    const { organization, agent, caller, to, trunk } = dialed;
    const keys = [
      dialedKey(organization, agent),
      dialedForKey(organization, agent, digestOf(caller)),
      dialedToKey(organization, agent, digestOf(plain(to))),
      dialingOverKey(organization, trunk ?? ''),
    ];
    const { per_hour, per_caller, per_destination, per_trunk } = limits;
    const most = [per_hour, per_caller, per_destination, per_trunk].map((limit) => String(limit ?? -1));
    const flag = (is: boolean) => (is ? '1' : '0');
    const args = [id, ...most, flag(trunk !== undefined), String(held), flag(looks)];
    return (await take(redis, keys, args)) as 'taken' | DialingLimit;
  };
  return {
    take: (id, dialed, limits) => ask(id, dialed, limits, false),
    look: (dialed, limits) => ask('', dialed, limits, true),
    hold: async (organization, trunk, id) => {
      await hold(redis, [dialingOverKey(organization, trunk)], [id, String(held)]);
    },
    over: async (organization, trunk, id) => {
      await redis.run((client) => client.zRem(dialingOverKey(organization, trunk), id));
    },
  };
}

/** One destination in one form, however it is written. */
function plain(to: string): string {
  const text = to.toLowerCase();
  return text.startsWith('tel:') ? text.replace(/;.*$/, '').replace(/[().\- ]/g, '') : text;
}

/** Who called whom stands in no key. */
function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
