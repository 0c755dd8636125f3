import type { Redis } from '../redis.ts';
import type { Objects } from './objects.ts';

/**
 * Redis and the archive's objects of a process that ends at one certain step: before or after one of its commands or writes. `die` is
 * called then, and where it returns, nothing that this process does reaches anything any more.
 */
export function dying(redis: Redis, objects: Objects, steps: number, die: () => void) {
  let left = steps;
  const step = () => {
    if (left-- === 0) die();
    if (left < 0) throw new Error('this process is dead');
  };
  const between = async <T>(work: () => Promise<T>): Promise<T> => {
    step();
    const result = await work();
    step();
    return result;
  };
  const mortal: Redis = {
    get ready() {
      return redis.ready;
    },
    run: (commands, timeout) => between(() => redis.run(commands, timeout)),
    onReady: (listener) => redis.onReady(listener),
    close: () => redis.close(),
  };
  const its: Objects = {
    put: (key, body, signal) => between(() => objects.put(key, body, signal)),
    get: (key, signal) => between(() => objects.get(key, signal)),
    remove: (key, signal) => between(() => objects.remove(key, signal)),
    list: async function* (prefix, signal) {
      for await (const key of objects.list(prefix, signal)) {
        step();
        yield key;
      }
    },
  };
  return { redis: mortal, objects: its, isDead: () => left < 0 };
}
