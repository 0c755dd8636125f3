import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Organization } from '../base/ids.ts';
import { until } from '../tests/until.ts';
import { addCommand } from './command-scripts.ts';
import {
  aCall,
  aProcess,
  given,
  MUTE,
  say,
  slowWork,
  WAIT,
  witness,
  writeThread,
} from './commands.fixture.ts';
import { RedisServer } from './redis-server.fixture.ts';

let server: RedisServer;
let worker: Awaited<ReturnType<typeof aProcess>>;
let api: Awaited<ReturnType<typeof aProcess>>;

async function open(options: { cluster?: boolean } = {}) {
  server = await RedisServer.start(options);
  [worker, api] = await Promise.all([aProcess(server), aProcess(server)]);
}
afterEach(async () => {
  await Promise.all([worker.close(), api.close()]);
  await server.remove();
});

describe('when Redis fails', () => {
  beforeEach(() => open());

  it('a command is done once, also where Redis forgot that it was', async () => {
    const call = await aCall(api.redis);
    const seen = witness();
    worker.commands.take(call, seen.work);
    const first = given(say('first'));
    await api.commands.give(call, first, WAIT);
    await server.kill();
    await server.start({ empty: true });
    await until('both are back', () => worker.redis.ready && api.redis.ready);
    // The call goes on, and its thread is sent again; so is the command, by whoever lost its reply.
    await writeThread(api.redis, call);
    await addCommand(api.redis, call, first, 60_000);
    await api.commands.give(call, given(say('second')), WAIT);
    expect(seen.done.map((command) => command.arguments)).toEqual([{ text: 'first' }, { text: 'second' }]);
  });

  it('before its reply is there, the reply is put down as soon as Redis is back', async () => {
    const call = await aCall(api.redis);
    const slow = slowWork();
    worker.commands.take(call, slow.work);
    const asked = api.commands.give(call, given(MUTE), WAIT);
    await until('it is taken', () => slow.done.length === 1);
    await server.kill();
    slow.finish({ late: true });
    await server.start();
    expect(await asked).toEqual({ late: true });
    expect(slow.done).toHaveLength(1);
  });
});

it('calls of several organizations are commanded where keys have slots', async () => {
  await open({ cluster: true });
  const { redis, commands } = worker;
  const calls = await Promise.all([aCall(redis), aCall(redis, { organization: 'acme' as Organization })]);
  const seen = witness();
  for (const call of calls) commands.take(call, seen.work);
  await Promise.all(calls.map((call) => api.commands.give(call, given(MUTE), WAIT)));
  expect(seen.done).toHaveLength(2);
});
