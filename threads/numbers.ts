import type { AgentName, Organization } from '../base/ids.ts';
import { numbersKey, numbersVersionKey } from './keys.ts';
import type { Redis } from './redis.ts';
import { script } from './script.ts';

/** Whose a number is, and who answers it. */
export interface Assignment {
  readonly number: string;
  readonly organization: Organization;
  readonly agent: AgentName;
  readonly assigned_at: string;
}

/** All assignments as they stood when `version` was the newest. */
export interface Assigned {
  readonly version: number;
  readonly numbers: readonly Assignment[];
}

/** The numbers that are in use. All methods reject as `Redis.run`. */
export interface Numbers {
  all(): Promise<Assigned>;
  /**
   * Gives the organization the first of these that nobody has.
   *
   * @param options.again one that it has itself will do too, and gets another agent.
   * @returns which it was; undefined where none was free.
   */
  take(
    candidates: readonly string[],
    to: Omit<Assignment, 'number'>,
    options: { again: boolean },
  ): Promise<Assignment | undefined>;
  /** False where the organization does not have it. */
  release(organization: Organization, number: string): Promise<boolean>;
  /** Brings back what a Redis that was emptied, or came back older, lacks. Changes nothing in one that is as new. */
  restore(assigned: Assigned): Promise<void>;
}

/** KEYS: assigned, version    ARGV: organization, the assignment without its number as JSON, 1 for `again`, the candidates */
const take = script(`
for i = 4, #ARGV do
  local has = redis.call('HGET', KEYS[1], ARGV[i])
  if not has or (ARGV[3] == '1' and cjson.decode(has).organization == ARGV[1]) then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[2])
    redis.call('INCR', KEYS[2])
    return ARGV[i]
  end
end
return false
`);

/** KEYS: assigned, version    ARGV: organization, number */
const release = script(`
local has = redis.call('HGET', KEYS[1], ARGV[2])
if not has or cjson.decode(has).organization ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[2])
redis.call('INCR', KEYS[2])
return 1
`);

/** KEYS: assigned, version    ARGV: the version that is known, then number and assignment, one after the other */
const restore = script(`
local version = tonumber(redis.call('GET', KEYS[2]) or 0)
if version >= tonumber(ARGV[1]) then return 0 end
for i = 2, #ARGV, 2 do redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('SET', KEYS[2], ARGV[1] + 1)
return 1
`);

/** KEYS: assigned, version */
const read = script(`
return { redis.call('GET', KEYS[2]) or '0', redis.call('HGETALL', KEYS[1]) }
`);

export function numbersIn(redis: Redis): Numbers {
  const keys = () => [numbersKey(), numbersVersionKey()];
  return {
    all: async () => {
      const [version, fields] = (await read(redis, keys(), [])) as [string, string[]];
      const numbers: Assignment[] = [];
      for (let i = 0; i + 1 < fields.length; i += 2)
        numbers.push({
          ...(JSON.parse(fields[i + 1] ?? '{}') as Omit<Assignment, 'number'>),
          number: fields[i] ?? '',
        });
      return { version: Number(version), numbers: numbers.sort((a, b) => (a.number < b.number ? -1 : 1)) };
    },
    take: async (candidates, to, { again }) => {
      if (candidates.length === 0) return undefined;
      const number = (await take(redis, keys(), [
        to.organization,
        JSON.stringify(to),
        again ? '1' : '0',
        ...candidates,
      ])) as string | null;
      return number === null ? undefined : { number, ...to };
    },
    release: async (organization, number) => (await release(redis, keys(), [organization, number])) === 1,
    restore: async ({ version, numbers }) => {
      const args = numbers.flatMap(({ number, ...to }) => [number, JSON.stringify(to)]);
      await restore(redis, keys(), [String(version), ...args]);
    },
  };
}
