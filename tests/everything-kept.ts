import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from 'redis';
import type { Config } from '../config.ts';

/** Where something was found, and all of it. */
export type Kept = readonly [where: string, text: string];

/** What a stack has kept: every key of Redis, and every file of its home: journals, logs of every part, what Redis writes. */
export async function everythingKept(config: Config): Promise<Kept[]> {
  const files = readdirSync(config.home, { recursive: true, encoding: 'utf8' })
    .map((name) => join(config.home, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
  return [['Redis', await everythingIn(config.redisUrl)], ...files.flatMap(read)];
}

/** None where it has gone meanwhile, as locks and finished journals do. */
function read(file: string): Kept[] {
  try {
    return [[file, readFileSync(file, 'utf8')]];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The value of every key, whatever its type. */
async function everythingIn(url: string): Promise<string> {
  const redis = await createClient({ url }).connect();
  try {
    const values: unknown[] = [];
    for await (const keys of redis.scanIterator())
      for (const key of keys) values.push(key, await valueOf(key));
    return JSON.stringify(values);
  } finally {
    await redis.close();
  }

  async function valueOf(key: string): Promise<unknown> {
    switch (await redis.type(key)) {
      case 'string':
        return redis.get(key);
      case 'hash':
        return redis.hGetAll(key);
      case 'stream':
        return redis.xRange(key, '-', '+');
      case 'zset':
        return redis.zRange(key, 0, -1);
      case 'set':
        return redis.sMembers(key);
      case 'list':
        return redis.lRange(key, 0, -1);
      default:
        return undefined; // It has expired meanwhile.
    }
  }
}
