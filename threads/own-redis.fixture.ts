import { afterAll } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { createLog } from '../base/log.ts';
import { connectRedis, type Redis } from './redis.ts';
import { RedisServer } from './redis-server.fixture.ts';

/**
 * A Redis of the test file's own and a connection to it, until its tests are over.
 *
 * @param options.cluster runs no script over keys of two slots.
 */
export async function ownRedis(
  options: { cluster?: boolean } = {},
): Promise<{ readonly server: RedisServer; readonly redis: Redis }> {
  const server = await RedisServer.start(options);
  const { signal } = new AbortController();
  const log = createLog('test', 'silent');
  const redis = connectRedis({ url: server.url, clock: systemClock, log, signal });
  await new Promise<void>((resolve) => redis.onReady(resolve));
  afterAll(async () => {
    await redis.close();
    await server.remove();
  });
  return { server, redis };
}
