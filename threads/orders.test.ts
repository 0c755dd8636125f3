import { expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import type { Organization } from '../base/ids.ts';
import { type Order, ordersIn, OverLimit } from './orders.ts';
import { ownRedis } from './own-redis.fixture.ts';
import { someStart } from './thread.fixture.ts';

const { redis } = await ownRedis({ cluster: true });

const MANY = { calls: 1_000, perMinute: 1_000 };
let organizations = 0;
const someone = () => `acme-${++organizations}` as Organization;
const order = (organization: Organization): Order => ({
  start: someStart({ organization, direction: 'outbound' }),
  trunk: 'provider',
  caller_id: null,
  headers: { 'X-A': '1' },
  ring_timeout: 20,
});

it('hands an order to one of those who ask at once, and to nobody afterwards', async () => {
  const acme = someone();
  const orders = ordersIn(redis);
  const made = order(acme);
  await orders.place(made, MANY);
  const taken = await Promise.all(Array.from({ length: 20 }, () => orders.take(acme, made.start.id)));
  expect(taken.filter(Boolean)).toEqual([made]);
  expect(await orders.take(acme, made.start.id)).toBeUndefined();
  expect(await orders.take(someone(), made.start.id)).toBeUndefined();
  expect(await redis.run((client) => client.hLen(`attendant:{${acme}}:orders`))).toBe(0);
});

it('lets no more calls run at once than an organization may have, whoever asks', async () => {
  const acme = someone();
  const orders = ordersIn(redis);
  const many = Array.from({ length: 20 }, () => order(acme));
  const placed = await Promise.allSettled(many.map((one) => orders.place(one, { ...MANY, calls: 3 })));
  const there = many.filter((_, i) => placed[i]?.status === 'fulfilled');
  expect(there).toHaveLength(3);
  const refused = placed.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
  expect(refused.reason).toMatchObject({ code: 'E_OUTBOUND_LIMIT', cause: expect.any(OverLimit) as unknown });
  // Another organization has its own.
  await orders.place(order(someone()), { ...MANY, calls: 3 });
  // One that is over makes room for one more, also where it was never taken.
  const [first, second] = there as [Order, Order];
  await orders.take(acme, first.start.id);
  await orders.over(acme, first.start.id);
  await orders.withdraw(acme, second.start.id);
  await orders.place(order(acme), { ...MANY, calls: 3 });
  await orders.place(order(acme), { ...MANY, calls: 3 });
  await expect(orders.place(order(acme), { ...MANY, calls: 3 })).rejects.toThrow('3 calls at once');
});

it('lets no more calls begin within a minute, though they are over, and says how long to wait', async () => {
  const acme = someone();
  const orders = ordersIn(redis);
  for (const one of [order(acme), order(acme)]) {
    await orders.place(one, { ...MANY, perMinute: 2 });
    await orders.take(acme, one.start.id);
    await orders.over(acme, one.start.id);
  }
  const refused = await orders.place(order(acme), { ...MANY, perMinute: 2 }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'E_OUTBOUND_LIMIT' });
  const { wait } = (refused as { cause: OverLimit }).cause;
  expect(wait).toBeGreaterThan(30_000);
  expect(wait).toBeLessThanOrEqual(60_000);
  await expect(orders.place(order(acme), { ...MANY, perMinute: 0 })).rejects.toThrow('0 calls');
});

it('has agents sent for until one comes, and then ends what nobody took', async () => {
  const acme = someone();
  const pace = { takenWithin: 1_500, sendAgain: 50, endWithin: 50 };
  const orders = ordersIn(redis, pace);
  const [taken, lost] = [order(acme), order(acme)];
  await orders.place(taken, MANY);
  await orders.place(lost, MANY);
  expect(await orders.organizations()).toContain(acme);
  const sent = new Map<string, number>();
  let ended: readonly Order[] = [];
  let isTaken = false;
  while (ended.length === 0) {
    const due = await orders.due(acme);
    for (const { start } of due.waiting) sent.set(start.id, (sent.get(start.id) ?? 0) + 1);
    if (!isTaken && sent.get(taken.start.id) === 2) isTaken = !!(await orders.take(acme, taken.start.id));
    ended = due.lost;
  }
  expect(sent.get(taken.start.id)).toBe(2);
  expect(sent.get(lost.start.id)).toBeGreaterThan(2);
  expect(ended).toEqual([lost]);
  // Too late.
  expect(await orders.take(acme, lost.start.id)).toBeUndefined();
  // Who was to end it may have died.
  let again: readonly Order[] = [];
  while (again.length === 0) again = (await orders.due(acme)).lost;
  expect(again).toEqual([lost]);
  await orders.over(acme, lost.start.id);
  expect(await redis.run((client) => client.zCard(`attendant:{${acme}}:orders-lost`))).toBe(0);
});

it('counts a call no longer that nobody holds any more', async () => {
  const acme = someone();
  const orders = ordersIn(redis, { takenWithin: 60_000, sendAgain: 60_000, endWithin: 50, held: 100 });
  const [dead, alive] = [order(acme), order(acme)];
  const two = { ...MANY, calls: 2 };
  for (const one of [dead, alive]) {
    await orders.place(one, two);
    await orders.take(acme, one.start.id);
  }
  const until = systemClock.now() + 10_000;
  const next = order(acme);
  for (;;) {
    await orders.hold(acme, alive.start.id);
    const refused = await orders.place(next, two).catch((error: unknown) => error);
    if (refused === undefined) break;
    expect(systemClock.now()).toBeLessThan(until);
  }
  await orders.hold(acme, alive.start.id);
  await expect(orders.place(order(acme), two)).rejects.toThrow('2 calls at once');
});
