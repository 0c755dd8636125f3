import { roomyWorkersKey, workersKey } from './keys.ts';
import type { Redis } from './redis.ts';

/** Which workers are there, by Redis's own clock: the machines' clocks need not agree. */
export interface Workers {
  /**
   * Counts `worker` as there for the next `ttl` ms, with a place for another call or without.
   *
   * @returns whether others have a place.
   */
  beat(
    worker: string,
    ttl: number,
    options?: { hasRoom: boolean },
  ): Promise<{ readonly roomInOthers: boolean }>;
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
    beat: async (worker, ttl, { hasRoom } = { hasRoom: true }) => {
      const at = await now();
      const entry = { score: at + ttl, value: worker };
      const [there, roomy] = [workersKey(), roomyWorkersKey()];
      const replies = await redis.run((client) => {
        const steps = client
          .multi()
          .zRemRangeByScore(there, '-inf', at)
          .zRemRangeByScore(roomy, '-inf', at)
          .zRem(roomy, worker)
          .zCard(roomy)
          .zAdd(there, entry);
        return (hasRoom ? steps.zAdd(roomy, entry) : steps).exec();
      });
      return { roomInOthers: Number(replies[3]) > 0 };
    },
    leave: async (worker) => {
      await redis.run((client) =>
        client.multi().zRem(workersKey(), worker).zRem(roomyWorkersKey(), worker).exec(),
      );
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
