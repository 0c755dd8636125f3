import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { answersOk } from '../../stack/facts.ts';
import type { OwnStack } from '../stack/own-stack.ts';
import { until } from '../until.ts';

/** Processes that send webhooks side by side, two at any time. */
export interface Senders {
  /** One of them is killed in the middle of whatever it does; when `alone` resolves another takes its place. */
  killOne(alone: () => Promise<unknown>): Promise<void>;
  stop(): void;
}

/** Two processes of `attendant api`, as they are: the stack's own, and one on another port. */
export async function realSenders(stack: OwnStack, signal: AbortSignal): Promise<Senders> {
  const { config } = stack;
  const port = await freePort();
  const args = ['--import', 'tsx', join(config.root, 'cli.ts'), 'api'];
  const env = { ...config.env, ATTENDANT_HOME: config.home, ATTENDANT_API_PORT: String(port) };
  const second = spawn(process.execPath, args, { cwd: config.root, env, stdio: 'ignore' });
  await until('the second API is ready', () => answersOk(`http://127.0.0.1:${port}/readyz`, signal));
  return {
    killOne: async (alone) => {
      await stack.kill('api');
      await alone();
      await stack.restart('api');
    },
    stop: () => void second.kill('SIGKILL'),
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
