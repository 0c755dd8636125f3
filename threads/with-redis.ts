import { once } from 'node:events';
import { systemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { connectRedis, type Redis } from './redis.ts';

/** How long Redis may take to be there. Milliseconds. */
const CONNECT = 3_000;

/**
 * Does something in Redis once, as commands do, on a connection of its own.
 *
 * @throws AttendantError E_REDIS_UNREACHABLE where it is not there soon, and what `work` throws
 */
export async function withRedis<T>(
  redisUrl: string,
  log: Log,
  signal: AbortSignal,
  work: (redis: Redis) => Promise<T>,
): Promise<T> {
  const redis = connectRedis({ url: redisUrl, clock: systemClock, log, signal });
  try {
    const ready = new AbortController();
    redis.onReady(() => ready.abort());
    const cancel = systemClock.after(CONNECT, () => ready.abort());
    if (!ready.signal.aborted) await once(ready.signal, 'abort');
    cancel();
    return await work(redis);
  } finally {
    await redis.close();
  }
}
