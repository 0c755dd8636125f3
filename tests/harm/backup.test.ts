import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { Receiver } from '../../api/webhooks/receiver.fixture.ts';
import { random } from '../../base/random.fixture.ts';
import { PARTS, type Part } from '../../stack/part.ts';
import type { Thread } from '../../threads/thread.ts';
import { WEBHOOK_EVENTS } from '../../threads/webhook-message.ts';
import { switchboard } from '../calls/switchboard.ts';
import { until } from '../until.ts';
import { figure } from './form.ts';
import { nothingIsLeft } from './leftovers.ts';
import { speakRounds, TellingCall } from './telling-call.ts';

/** Answered by an agent since somebody took it over the API. */
const NUMBER = '+15550177';
const ALL: readonly Part[] = PARTS.filter((part) => part !== 'speech');
const SHELL = promisify(execFile);

const board = switchboard({ speak: speakRounds, env: { ATTENDANT_PRIVATE_NETWORKS: '127.0.0.1/32' } });

/** The commands of docs/operations.md: of the backup, and of the restore. */
function documented(): string[] {
  const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  const part = page.split('\n## ').find((text) => text.startsWith('Backup and restore')) ?? '';
  return [...part.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, commands = '']) => commands);
}

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${board().apiUrl}${path}`, {
    method,
    headers: { 'api-key': board().stack.config.apiKeys[0]?.key ?? '', 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** A call of two rounds, to its end. */
async function aCall(agent?: string): Promise<Thread> {
  const call = await TellingCall.place(board(), random(1), {
    rounds: 2,
    ...(agent !== undefined && { agent }),
  });
  await call.toItsEnd();
  const thread = await call.call.ended();
  call.check(thread);
  return thread;
}

it('Redis backed up under calls, lost, and restored: threads, keys, webhooks and numbers are as before, and the number is answered', async () => {
  const { stack } = board();
  const { home, redisUrl } = stack.config;
  const receiver = await new Receiver(() => 200).up();
  onTestFinished(() => receiver.down());
  await ask('POST', '/webhooks', { url: receiver.url, events: WEBHOOK_EVENTS });
  const pool = { name: 'pool', allowed_addresses: ['127.0.0.1/32'], include_headers: 'SIP_X_HEADERS' };
  writeFileSync(join(home, 'sip-trunks', 'pool.json'), JSON.stringify({ trunk: pool }));
  writeFileSync(join(home, 'numbers.yaml'), `numbers:\n  - { number: '${NUMBER}', trunk: pool }\n`);
  await until('the number can be taken', () =>
    ask('POST', '/numbers', { agent: 'scripted', number: NUMBER }),
  );

  const first = await aCall();
  // This one is up when the backup is made, and over when Redis is lost.
  const going = await TellingCall.place(board(), random(2), { rounds: 3 });
  await going.answered();
  const told = (id: string) =>
    receiver.taken.filter(({ body }) => body.thread.id === id).map((one) => one.id);
  await until('the webhook knows how it ended', () =>
    receiver.taken.some(({ body }) => body.type === 'call.ended'),
  );
  const toldOfFirst = told(first.id);

  const [backUp = '', restore = ''] = documented();
  const env = {
    PATH: process.env['PATH'],
    REDIS_URL: redisUrl,
    ATTENDANT_HOME: home,
    BACKUP: join(home, 'backup'),
    REDIS_DIR: join(home, '.attendant', 'redis'),
  };
  mkdirSync(env.BACKUP);
  await SHELL('sh', ['-euc', backUp], { env });

  await going.toItsEnd();
  const second = await going.call.ended();
  const third = await aCall();
  await until('the webhook knows of all', () => [second, third].every(({ id }) => told(id).length >= 3));
  const before = await ask<{ threads: readonly Thread[] }>('GET', '/threads');
  const usage = await ask<unknown>('GET', '/usage');

  for (const part of [...ALL].reverse()) await stack.kill(part);
  rmSync(env.REDIS_DIR, { recursive: true });
  await SHELL('sh', ['-euc', restore], { env });
  const all = receiver.all.length;
  for (const part of ALL) await stack.restart(part);
  await board().ready();

  await until(
    'all threads are as before',
    async () => JSON.stringify(await ask('GET', '/threads')) === JSON.stringify(before),
    { within: 30_000, seen: () => ask('GET', '/threads') },
  ).catch(async () => expect(await ask('GET', '/threads')).toEqual(before));
  for (const thread of [first, second, third])
    expect(await ask('GET', `/threads/${thread.id}`)).toEqual(thread);
  const last = await aCall(NUMBER);
  await until('the webhook knows of the call after it', () => told(last.id).length >= 3);
  expect(new Set(told(last.id)).size).toBe(told(last.id).length);
  expect(told(first.id), 'what was told before the backup is not told again').toEqual(toldOfFirst);
  // What was told since is told again, and can be known by its id.
  for (const { id } of [second, third]) expect(new Set(told(id)).size).toBe(3);
  const left = await nothingIsLeft(board());
  // The threads that were there still are as they were: nobody took their calls over.
  for (const thread of [first, second, third])
    expect(await ask('GET', `/threads/${thread.id}`)).toEqual(thread);
  const { threads } = await ask<{ threads: readonly Thread[] }>('GET', '/threads');
  expect(threads).toEqual([expect.objectContaining({ id: last.id }), ...before.threads]);
  expect(usage).toBeDefined();
  figure(
    'backup and restore',
    `4 threads as before, ${receiver.all.length - all} webhooks after it of which none is of before the backup, nothing left after ${left / 1_000} s`,
  );
});
