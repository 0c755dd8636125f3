import { createHash } from 'node:crypto';
import { ErrorReply } from 'redis';
import type { Redis } from './redis.ts';

/**
 * A Lua script, run by its hash, and sent whole where this Redis does not have it (yet, or no longer).
 *
 * @returns what runs it. @throws AttendantError as `Redis.run`
 */
export function script(text: string) {
  const sha = createHash('sha1').update(text).digest('hex');
  return (redis: Redis, keys: string[], args: (string | Buffer)[]): Promise<unknown> => {
    const given = { keys, arguments: args };
    return redis.run(async (client): Promise<unknown> => {
      try {
        return await client.evalSha(sha, given);
      } catch (cause) {
        if (!(cause instanceof ErrorReply) || !cause.message.startsWith('NOSCRIPT')) throw cause;
        return client.eval(text, given);
      }
    });
  };
}
