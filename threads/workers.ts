import { workersKey } from './keys.ts';
import type { Redis } from './redis.ts';

/** Which workers are there, by Redis's own clock: the machines' clocks need not agree. */
export interface Workers {
  /** Counts `worker` as there for the next `ttl` ms. */
  beat(worker: string, ttl: number): Promise<void>;
  /** Takes `worker` off: it drains or ends. */
  leave(worker: string): Promise<void>;
  /** How many are there. */
  count(): Promise<number>;
}

/** All methods reject as `Redis.run`. */
export function workersIn(redis: Redis): Workers {
  const now = () =>
    redis.run(async (client) => (await client.time()) as unknown as [string, string]).then(toMilliseconds);
  return {
    beat: async (worker, ttl) => {
      const at = await now();
      await redis.run((client) =>
        client
          .multi()
          .zRemRangeByScore(workersKey(), '-inf', at)
          .zAdd(workersKey(), { score: at + ttl, value: worker })
          .exec(),
      );
    },
    leave: async (worker) => {
      await redis.run((client) => client.zRem(workersKey(), worker));
    },
    count: async () => {
      const at = await now();
      return redis.run((client) => client.zCount(workersKey(), `(${at}`, '+inf'));
    },
  };
}

/** TIME answers seconds and microseconds, as text. */
function toMilliseconds([seconds, microseconds]: [string, string]): number {
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}
