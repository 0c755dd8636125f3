import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { workersKey } from './keys.ts';
import { connectRedis } from './redis.ts';

/** Milliseconds. */
const EVERY = 1_500;
const EXPIRES_AFTER = 6_000;

/**
 * Tells through Redis, again and again until the signal aborts, that a worker is here and takes calls: a sorted set of worker ids by the
 * time (ms since 1970) until which the word holds. Then takes the word back.
 */
export async function announceWorker(options: {
  redisUrl: string;
  registered: () => boolean;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
}): Promise<void> {
  const { clock, signal, registered } = options;
  const closing = new AbortController();
  const redis = connectRedis({ url: options.redisUrl, clock, log: options.log, signal: closing.signal });
  const id = randomUUID();
  const say = async () => {
    await redis.run(async (client) => {
      if (registered() && !signal.aborted)
        await client.zAdd(workersKey(), { score: clock.now() + EXPIRES_AFTER, value: id });
      else await client.zRem(workersKey(), id);
    });
  };
  const stopListening = redis.onReady(() => void say().catch(() => undefined));
  while (!signal.aborted) {
    await say().catch(() => undefined); // Away: connectRedis has said so, and the next round tries again.
    await clock.sleep(EVERY, signal).catch(() => undefined);
  }
  stopListening();
  await say().catch(() => undefined);
  closing.abort();
  await redis.close();
}
