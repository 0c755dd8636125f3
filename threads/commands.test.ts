import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AttendantError } from '../base/errors.ts';
import type { Organization } from '../base/ids.ts';
import { until } from '../tests/until.ts';
import { addCommand, takeCommand } from './command-scripts.ts';
import {
  aCall,
  aProcess as openProcess,
  given,
  MUTE,
  say,
  slowWork,
  WAIT,
  witness,
} from './commands.fixture.ts';
import { commandKey, commandsKey } from './keys.ts';
import { RedisServer } from './redis-server.fixture.ts';
import { ORGANIZATION, someStart } from './thread.fixture.ts';

let server: RedisServer;
const opened: { close: () => Promise<void> }[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(async () => {
  await Promise.all(opened.map((part) => part.close()));
  await server.remove();
});

async function aProcess() {
  const made = await openProcess(server);
  opened.push(made);
  return made;
}

describe('a command to a call', () => {
  it('is done once by the worker that holds it, with what it was given and by whom, and its result comes back', async () => {
    const worker = await aProcess();
    const api = await aProcess();
    const call = await aCall(worker.redis);
    const other = await aCall(worker.redis);
    const mine = witness((command) => Promise.resolve({ heard: command.kind }));
    const others = witness();
    worker.commands.take(call, mine.work);
    worker.commands.take(other, others.work);
    const wanted = given(say('Hello "you" Löwe'));
    expect(await api.commands.give(call, wanted, WAIT)).toEqual({ heard: 'say' });
    expect(mine.done).toEqual([wanted]);
    expect(others.done).toEqual([]);
    // Taken is gone: nothing of what was said stays in the stream.
    expect(await worker.redis.run((r) => r.xLen(commandsKey(ORGANIZATION, call.id)))).toBe(0);
    expect(
      await worker.redis.run((r) => r.pTTL(commandKey(ORGANIZATION, call.id, wanted.id))),
    ).toBeGreaterThan(0);
  });

  it('is refused with the code that the call gives', async () => {
    const worker = await aProcess();
    const call = await aCall(worker.redis);
    worker.commands.take(call, () =>
      Promise.reject(new AttendantError('E_DESTINATION_UNKNOWN', 'not a destination')),
    );
    const asked = worker.commands.give(call, given(MUTE), WAIT);
    await expect(asked).rejects.toMatchObject({
      code: 'E_DESTINATION_UNKNOWN',
      message: 'not a destination',
    });
    const broken = await aCall(worker.redis);
    worker.commands.take(broken, () => Promise.reject(new Error('secret inside')));
    const failed = worker.commands.give(broken, given(MUTE), WAIT);
    await expect(failed).rejects.toMatchObject({ code: 'E_INTERNAL', message: 'the command failed' });
  });

  it('to a call that is over, that is nowhere or another organization’s is not given', async () => {
    const { redis, commands } = await aProcess();
    const over = await aCall(redis, { over: true });
    await expect(commands.give(over, given(MUTE), WAIT)).rejects.toMatchObject({ code: 'E_CALL_OVER' });
    await expect(commands.give(someStart(), given(MUTE), WAIT)).rejects.toMatchObject({
      code: 'E_THREAD_NOT_FOUND',
    });
    const { id } = await aCall(redis);
    const elsewhere = { id, organization: 'acme' as Organization };
    await expect(commands.give(elsewhere, given(MUTE), WAIT)).rejects.toMatchObject({
      code: 'E_THREAD_NOT_FOUND',
    });
    expect(await redis.run((r) => r.exists(commandsKey(ORGANIZATION, over.id)))).toBe(0);
  });

  it('that nobody takes in time is never done, also not by a worker that comes later', async () => {
    const { redis, commands } = await aProcess();
    const call = await aCall(redis);
    const asked = commands.give(call, given(MUTE, 'late'), { ...WAIT, begin: 50 });
    await expect(asked).rejects.toMatchObject({ code: 'E_COMMAND_UNTAKEN' });
    const later = witness();
    commands.take(call, later.work);
    await commands.give(call, given(say('now')), WAIT);
    expect(later.done.map(({ kind }) => kind)).toEqual(['say']);
    // Nor where the API that gave it has died, and could not take it back.
    await addCommand(redis, call, given(MUTE, 'orphan'), -1);
    await commands.give(call, given(say('again')), WAIT);
    expect(later.done.map(({ kind }) => kind)).toEqual(['say', 'say']);
    expect(await redis.run((r) => r.get(commandKey(ORGANIZATION, call.id, 'orphan')))).toContain(
      'E_COMMAND_UNTAKEN',
    );
  });

  it('that is taken has no reply: it may be done still, and is told so', async () => {
    const { redis, commands } = await aProcess();
    const call = await aCall(redis);
    const slow = slowWork();
    commands.take(call, slow.work);
    const wanted = given(MUTE);
    const hurried = commands.give(call, wanted, { ...WAIT, reply: 0 });
    await expect(hurried).rejects.toMatchObject({ code: 'E_COMMAND_UNANSWERED' });
    expect(slow.done).toHaveLength(1);
    // Asked for again, by its id, it is not done again: its reply is waited for.
    const again = commands.give(call, wanted, WAIT);
    slow.finish({ at: 'last' });
    expect(await again).toEqual({ at: 'last' });
    expect(slow.done).toHaveLength(1);
  });

  it('is done once where two ask for the same at once, and two workers could take it', async () => {
    const [first, second, api1, api2] = await Promise.all([aProcess(), aProcess(), aProcess(), aProcess()]);
    const call = await aCall(first.redis);
    const seen = witness();
    first.commands.take(call, seen.work);
    second.commands.take(call, seen.work);
    const wanted = Array.from({ length: 20 }, (_, i) => given(say(`number ${i}`)));
    const asked = wanted.flatMap((command) =>
      [api1, api2].map(({ commands }) => commands.give(call, command, WAIT)),
    );
    await Promise.all(asked);
    const ids = seen.done.map(({ id }) => id);
    expect([...ids].sort()).toEqual(wanted.map(({ id }) => id).sort());
  });

  it('that a worker took before it died is not done by the next one; what it left is', async () => {
    const { redis, commands } = await aProcess();
    const call = await aCall(redis);
    const taken = given(say('half done'));
    const { entry } = await addCommand(redis, call, taken, 60_000);
    expect(
      await takeCommand(redis, call, { entry, id: taken.id, deadline: Date.now() + 60_000 }, 'dead'),
    ).toBeGreaterThan(0);
    const left = given(say('left'));
    await addCommand(redis, call, left, 60_000);
    const next = witness();
    commands.take(call, next.work);
    await commands.give(call, left, WAIT);
    expect(next.done).toEqual([left]);
    const asked = commands.give(call, taken, { ...WAIT, reply: 0 });
    await expect(asked).rejects.toMatchObject({ code: 'E_COMMAND_UNANSWERED' });
  });

  it('is asked for again by the same taker where the answer was lost, and by nobody else', async () => {
    const { redis } = await aProcess();
    const call = await aCall(redis);
    const wanted = given(MUTE);
    const { entry } = await addCommand(redis, call, wanted, 60_000);
    const command = { entry, id: wanted.id, deadline: Date.now() + 60_000 };
    expect(await takeCommand(redis, call, command, 'a')).toBeGreaterThan(0);
    expect(await takeCommand(redis, call, command, 'b')).toBe(-1);
    expect(await takeCommand(redis, call, command, 'a')).toBeGreaterThan(0);
    expect(await takeCommand(redis, call, { ...command, deadline: Date.now() - 1 }, 'a')).toBe(0);
  });

  it('is refused when the call has ended, and its stream is gone', async () => {
    const worker = await aProcess();
    const api = await aProcess();
    const call = await aCall(worker.redis);
    const end = worker.commands.take(call, witness().work);
    await api.commands.give(call, given(MUTE), WAIT);
    end();
    await expect(api.commands.give(call, given(MUTE), WAIT)).rejects.toMatchObject({ code: 'E_CALL_OVER' });
    // One that comes when nobody reads any more.
    await until('the stream is gone', async () => {
      const key = commandsKey(ORGANIZATION, call.id);
      return (await worker.redis.run((r) => r.exists(key))) === 0;
    });
  });

  it('finds a limit in how many wait', async () => {
    const { redis, commands } = await aProcess();
    const call = await aCall(redis);
    const outcomes = [];
    for (let i = 0; i < 40; i++) outcomes.push((await addCommand(redis, call, given(MUTE), 60_000)).outcome);
    expect(outcomes.filter((outcome) => outcome === 'added')).toHaveLength(32);
    await expect(commands.give(call, given(MUTE), WAIT)).rejects.toMatchObject({ code: 'E_LIMIT_REACHED' });
    expect(await redis.run((r) => r.pTTL(commandsKey(ORGANIZATION, call.id)))).toBeGreaterThan(0);
  });

  it('that is none is answered as malformed, and does not hold up the others', async () => {
    const { redis, commands } = await aProcess();
    const call = await aCall(redis);
    const seen = witness();
    const key = commandsKey(ORGANIZATION, call.id);
    const wicked: Record<string, string>[] = [
      { id: 'w1', kind: 'explode', arguments: '{}', by: 'x', deadline: String(Date.now() + 60_000) },
      { id: 'w2', kind: 'digits', arguments: '{"digits":"12;rm"}', by: 'x', deadline: '99999999999999' },
      { id: 'w3', kind: 'say', arguments: '{', by: 'x', deadline: '99999999999999' },
      { nothing: 'at all' },
    ];
    for (const fields of wicked) await redis.run((r) => r.xAdd(key, '*', fields));
    commands.take(call, seen.work);
    await commands.give(call, given(say('still')), WAIT);
    expect(seen.done.map(({ kind }) => kind)).toEqual(['say']);
    for (const id of ['w1', 'w2', 'w3'])
      await until(`${id} is answered`, async () =>
        (await redis.run((r) => r.get(commandKey(ORGANIZATION, call.id, id))))?.includes('E_BAD_REQUEST'),
      );
    await until('they are gone', async () => (await redis.run((r) => r.xLen(key))) === 0);
  });
});
