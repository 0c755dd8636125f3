import { systemClock } from '../base/clock.ts';
import type { KeyId } from '../base/ids.ts';
import { createLog } from '../base/log.ts';
import { appendEntries } from './append.ts';
import type { Command, GivenCommand } from './command.ts';
import { openCommands, type DoCommand } from './commands.ts';
import type { Entry, ThreadStart } from './entry.ts';
import { connectRedis, type Redis } from './redis.ts';
import type { RedisServer } from './redis-server.fixture.ts';
import { Items } from './send.ts';
import { ORGANIZATION, someStart } from './thread.fixture.ts';

const log = createLog('test', 'silent');
const never = new AbortController().signal;

export const MUTE: Command = { kind: 'mute', arguments: {} };
export const say = (text: string): Command => ({ kind: 'say', arguments: { text } });
/** Waits longer than any machine is slow. */
export const WAIT = { reply: 60_000, begin: 30_000, signal: never };

let last = 0;
/** The command, as some key gives it. */
export function given(command: Command, id = `cmd_${(last += 1)}`): GivenCommand {
  return { ...command, id, by: 'key_1' as KeyId };
}

/** What one process has: a worker's child, or the API. */
export async function aProcess(server: RedisServer) {
  const redis = connectRedis({ url: server.url, clock: systemClock, log, signal: never });
  await new Promise<void>((resolve) => redis.onReady(resolve));
  const commands = openCommands({ redis, redisUrl: server.url, clock: systemClock, log, signal: never });
  const close = async () => {
    await Promise.all([commands.close(), redis.close()]);
  };
  return { redis, commands, close };
}

/** The thread of a call that runs, or is over. */
export async function aCall(redis: Redis, { over = false, organization = ORGANIZATION } = {}) {
  const start = someStart({ organization });
  await writeThread(redis, start, over);
  return start;
}

export async function writeThread(redis: Redis, start: ThreadStart, over = false): Promise<void> {
  const ended: Entry = {
    kind: 'ended',
    end_reason: { result: 'completed', reason: 'x' },
    at: '2026-01-01T00:00:00.000Z',
  };
  const made = new Items();
  const entries: Entry[] = [{ kind: 'started', start }, ...(over ? [ended] : [])];
  const items = entries.map((entry, i) => made.next({ epoch: 1, n: i + 1, entry }));
  await appendEntries(redis, start, 1, items);
}

/** What was done, in order. */
export function witness(answer: DoCommand = () => Promise.resolve({})) {
  const done: GivenCommand[] = [];
  const work: DoCommand = (command) => {
    done.push(command);
    return answer(command);
  };
  return { done, work };
}

/** Work that is done when the test says so. */
export function slowWork() {
  let finish: (result: Readonly<Record<string, unknown>>) => void = () => undefined;
  const seen = witness(() => new Promise((resolve) => (finish = resolve)));
  return { ...seen, finish: (result: Readonly<Record<string, unknown>>) => finish(result) };
}
