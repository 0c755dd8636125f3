import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { connectRedis } from './redis.ts';
import { workersIn } from './workers.ts';

/** Milliseconds. */
const EVERY = 1_500;
const EXPIRES_AFTER = 6_000;

/**
 * Tells through Redis, again and again until the signal aborts, that a worker is here and takes calls. Then takes the word back.
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
  const workers = workersIn(redis);
  const id = randomUUID();
  const say = () =>
    // Away: connectRedis has said so, and the next round tries again.
    (registered() && !signal.aborted ? workers.beat(id, EXPIRES_AFTER) : workers.leave(id)).catch(
      () => undefined,
    );
  const stopListening = redis.onReady(() => void say());
  while (!signal.aborted) {
    await say();
    await clock.sleep(EVERY, signal).catch(() => undefined);
  }
  stopListening();
  await say();
  closing.abort();
  await redis.close();
}
