import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { newThreadId, type AgentName, type KeyId, type Organization } from '../base/ids.ts';
import { createLog } from '../base/log.ts';
import { connectRedis, type Redis } from './redis.ts';
import { RedisServer } from './redis-server.fixture.ts';
import { roomAgentsIn, type RoomOrder } from './room-agents.ts';

const log = createLog('test', 'silent');
const stop = new AbortController();
let server: RedisServer;
let redis: Redis;
let second: Redis;

const connected = async () => {
  const one = connectRedis({ url: server.url, clock: systemClock, log, signal: stop.signal });
  await new Promise<void>((resolve) => one.onReady(resolve));
  return one;
};
beforeAll(async () => {
  // A cluster, which runs no script over keys of two slots.
  server = await RedisServer.start({ cluster: true });
  redis = await connected();
  second = await connected();
});
afterAll(async () => {
  stop.abort(new Error('test over'));
  await Promise.all([redis.close(), second.close()]);
  await server.remove();
});

let rooms = 0;
const someOrder = (changes: Partial<RoomOrder> = {}): RoomOrder => ({
  room: `RM_${(rooms += 1)}`,
  participant: 'sip_+15550123',
  participantSid: 'PA_1',
  id: newThreadId(Date.now()),
  organization: 'default' as Organization,
  agent: 'desk' as AgentName,
  by: { kind: 'api', key: 'key_1' as KeyId },
  ...changes,
});
const another = (order: RoomOrder, changes: Partial<RoomOrder> = {}) =>
  someOrder({ room: order.room, ...changes });

describe('the agents of rooms', () => {
  it('are one for each participant, however many processes send them at once', async () => {
    const [one, two] = [roomAgentsIn(redis), roomAgentsIn(second)];
    const order = someOrder();
    const orders = Array.from({ length: 20 }, () => another(order));
    const claimed = await Promise.all(
      orders.map((each, i) => (i % 2 ? one : two).order(each, { again: true })),
    );
    const won = orders.filter((_, i) => claimed[i]?.how === 'claimed');
    expect(won).toHaveLength(1);
    for (const each of claimed) if (each.how === 'taken') expect(each.id).toBe(won[0]?.id);
    expect(await one.order(another(order, { participant: 'other' }), { again: true })).toEqual({
      how: 'claimed',
    });
  });

  it('are handed to one worker, once, unless they were taken back', async () => {
    const agents = roomAgentsIn(redis);
    const order = someOrder({ vars: { name: 'Ada' }, overrides: { limits: { silence: 3 } } });
    await agents.order(order, { again: true });
    const taken = await Promise.all([1, 2, 3].map(() => agents.take(order, order.id)));
    expect(taken.filter((one) => one !== undefined)).toEqual([order]);
    expect(await agents.withdraw(order, order.id)).toBe(false);
    const back = someOrder();
    await agents.order(back, { again: true });
    expect(await agents.withdraw(back, back.id)).toBe(true);
    expect(await agents.take(back, back.id)).toBeUndefined();
    expect((await agents.of(back.room)).agents).toEqual([]);
  });

  it('say whose the room is, to which nobody else has access', async () => {
    const agents = roomAgentsIn(redis);
    const order = someOrder();
    await agents.hold(order, 'agent-AJ_1');
    const foreign = another(order, { organization: 'acme' as Organization, participant: 'other' });
    expect(await agents.order(foreign, { again: true })).toEqual({ how: 'foreign' });
    expect(await agents.of(order.room)).toEqual({
      organization: 'default',
      agents: [{ ...order, state: 'there', identity: 'agent-AJ_1' }],
    });
  });

  it('that are over are followed by a request, and by a rule only where the participant came anew', async () => {
    const agents = roomAgentsIn(redis);
    const order = someOrder();
    await agents.hold(order, 'agent-1');
    await agents.over(order, order.id, { served: true });
    expect(await agents.order(another(order), { again: false })).toEqual({ how: 'taken', id: order.id });
    const anew = another(order, { participantSid: 'PA_2' });
    expect(await agents.order(anew, { again: false })).toEqual({ how: 'claimed' });
    await agents.withdraw(anew, anew.id);
    const left = someOrder();
    await agents.hold(left, 'agent-2');
    await agents.over(left, left.id, { served: false });
    expect(await agents.order(another(left), { again: false })).toEqual({ how: 'claimed' });
    const served = someOrder();
    await agents.hold(served, 'agent-3');
    await agents.over(served, served.id, { served: true });
    expect(await agents.order(another(served), { again: true })).toEqual({ how: 'claimed' });
  });

  it('that nobody holds any longer make way, and one that does is told that it has none', async () => {
    const agents = roomAgentsIn(redis, { held: 100 });
    const dead = someOrder();
    await agents.hold(dead, 'agent-1');
    const next = another(dead);
    await expect
      .poll(() => agents.order(next, { again: false }), { timeout: 10_000 })
      .toEqual({ how: 'claimed' });
    expect(await agents.hold(dead, 'agent-1')).toEqual({ how: 'taken', id: next.id });
    // Its end is not that of the other.
    await agents.over(dead, dead.id, { served: true });
    expect((await agents.of(dead.room)).agents).toMatchObject([{ id: next.id, state: 'waiting' }]);
  });
});
