import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { once } from 'node:events';
import { anotherApi } from '../stack/another-api.ts';
import type { OwnStack } from '../stack/own-stack.ts';

/** Processes that send webhooks side by side, two at any time. */
export interface Senders {
  /** One of them is killed in the middle of whatever it does; when `alone` resolves another takes its place. */
  killOne(alone: () => Promise<unknown>): Promise<void>;
  stop(): void;
}

/** Two processes of `attendant api`, as they are: the stack's own, and one on another port. */
export async function realSenders(stack: OwnStack, signal: AbortSignal): Promise<Senders> {
  const second = await anotherApi(stack, signal);
  return {
    killOne: async (alone) => {
      await stack.kill('api');
      await alone();
      await stack.restart('api');
    },
    stop: () => second.kill(),
  };
}

/** Two processes that send as the API does, in less time. The stack's API is ended: its patience is that of days. */
export async function impatientSenders(stack: OwnStack): Promise<Senders> {
  await stack.kill('api', 'SIGTERM');
  const { config } = stack;
  const sender = join(config.root, 'api', 'webhooks', 'delivering.fixture.ts');
  const start = (): ChildProcess =>
    spawn(process.execPath, ['--import', 'tsx', sender, config.redisUrl], {
      cwd: config.root,
      stdio: 'ignore',
    });
  const senders = [start(), start()];
  return {
    killOne: async (alone) => {
      const victim = senders.shift();
      victim?.kill('SIGKILL');
      if (victim) await once(victim, 'exit');
      await alone();
      senders.push(start());
    },
    stop: () => senders.forEach((one) => one.kill('SIGKILL')),
  };
}
