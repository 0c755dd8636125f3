import { expect, it } from 'vitest';
import type { ListId, Organization } from '../../base/ids.ts';
import { ordersIn } from '../orders.ts';
import { ownRedis } from '../own-redis.fixture.ts';
import { callTo, MANY, someCallees, someSettings } from './lists.fixture.ts';
import { callListsIn, type DueCallee } from './store.ts';

const { redis } = await ownRedis({ cluster: true });
/** Held still; Redis's own clock is not asked. */
let now = Date.UTC(2026, 0, 5, 12);
const lists = callListsIn(redis, () => now);

let organizations = 0;
const someone = () => `acme-${++organizations}` as Organization;
const DAY = 86_400_000;
const span = () => ({ starts: now, expires: now + DAY, kept: 30 * DAY });

async function due(acme: Organization, id: ListId): Promise<readonly DueCallee[]> {
  return (await lists.look(acme, id))?.due ?? [];
}
const dial = (
  acme: Organization,
  id: ListId,
  from: DueCallee,
  changes: { closing?: number; limits?: typeof MANY } = {},
) => lists.dial(acme, id, from, { ...callTo(acme, from, now), closing: now + DAY, limits: MANY, ...changes });

/** Ends the call of a callee as the one who dials does. */
async function settle(
  acme: Organization,
  id: ListId,
  n: number,
  after: { again?: number; made?: boolean } = {},
) {
  const callee = await lists.callee(acme, id, n);
  if (!callee) throw new Error(`nobody is ${n}`);
  const thread = callee.attempts.at(-1)?.thread;
  if (!thread) throw new Error(`${n} was not called`);
  const { again, made = true } = after;
  const rest =
    again === undefined ? { callee: { ...callee, result: 'answered' as const } } : { callee, again };
  return lists.settle(acme, id, { thread, made }, rest);
}

it('has one of those who dial somebody at once dial them, in the step that puts the order down', async () => {
  const acme = someone();
  const id = await lists.start(acme, someSettings(), someCallees(1, now), span());
  const [first] = await due(acme, id);
  if (!first) throw new Error('nobody is due');
  const how = await Promise.all(Array.from({ length: 20 }, () => dial(acme, id, first)));
  expect(how.filter((one) => one === 'placed')).toHaveLength(1);
  expect(how.filter((one) => one === 'gone')).toHaveLength(19);
  expect(await redis.run((client) => client.hLen(`attendant:{${acme}}:orders`))).toBe(1);
  const callee = await lists.callee(acme, id, 1);
  expect(callee?.attempts).toHaveLength(1);
  // The order is the one that the callee says was made.
  const thread = callee?.attempts[0]?.thread;
  const order = thread && (await ordersIn(redis).take(acme, thread));
  expect(order?.start.caller.dialed).toBe(callee?.to);
});

it('calls no more people at once than it says, and no more within any minute', async () => {
  const acme = someone();
  const pace = { at_once: 3, per_minute: 5 };
  const id = await lists.start(acme, someSettings({ pace }), someCallees(12, now), span());
  const all = await due(acme, id);
  const first = await Promise.all(all.map((one) => dial(acme, id, one)));
  expect(first.filter((how) => how === 'placed')).toHaveLength(3);
  expect(first.filter((how) => how === 'pace')).toHaveLength(9);
  expect(await due(acme, id)).toEqual([]);
  const placed = all.filter((_, i) => first[i] === 'placed').map(({ callee }) => callee.n);
  for (const n of placed) expect(await settle(acme, id, n)).toBe(true);
  now += 20_000;
  const second = await Promise.all((await due(acme, id)).map((one) => dial(acme, id, one)));
  expect(second.filter((how) => how === 'placed')).toHaveLength(2);
  now += 39_999;
  expect(await due(acme, id)).toEqual([]);
  now += 2;
  // Two run still.
  const third = await Promise.all((await due(acme, id)).map((one) => dial(acme, id, one)));
  expect(third.filter((how) => how === 'placed')).toHaveLength(1);
});

it('burns no call of a callee where the organization has as many as it may', async () => {
  const acme = someone();
  const id = await lists.start(acme, someSettings(), someCallees(2, now), span());
  const [one, two] = await due(acme, id);
  if (!one || !two) throw new Error('nobody is due');
  expect(await dial(acme, id, one, { limits: { ...MANY, calls: 1 } })).toBe('placed');
  expect(await dial(acme, id, two, { limits: { ...MANY, calls: 1 } })).toBe('calls');
  expect(await dial(acme, id, two, { limits: { ...MANY, perMinute: 1 } })).toBe('rate');
  expect((await lists.callee(acme, id, 2))?.attempts).toEqual([]);
  expect(await dial(acme, id, two)).toBe('placed');
});

it('dials nobody from the moment on that hours close, though they were open when somebody looked', async () => {
  const acme = someone();
  const id = await lists.start(acme, someSettings(), someCallees(1, now), span());
  const [one] = await due(acme, id);
  if (!one) throw new Error('nobody is due');
  expect(await dial(acme, id, one, { closing: now })).toBe('closed');
  const opens = now + 3_600_000;
  await lists.postpone(acme, id, [{ n: 1, due: one.due, to: opens }]);
  expect(await dial(acme, id, one)).toBe('gone');
  expect((await lists.find(acme, id))?.next_due).toBe(new Date(opens).toISOString());
  // Of two who look one is late: what it found is not what there is.
  await lists.postpone(acme, id, [{ n: 1, due: one.due, to: now }]);
  expect(await due(acme, id)).toEqual([]);
  now = opens;
  expect(await due(acme, id)).toHaveLength(1);
});

it('takes the end of a call once, whoever tells it', async () => {
  const acme = someone();
  const id = await lists.start(acme, someSettings(), someCallees(2, now), span());
  for (const one of await due(acme, id)) await dial(acme, id, one);
  const told = await Promise.all(Array.from({ length: 10 }, () => settle(acme, id, 1)));
  expect(told.filter(Boolean)).toHaveLength(1);
  expect(await lists.find(acme, id)).toMatchObject({
    state: 'running',
    calling: 1,
    results: { answered: 1 },
  });
  await settle(acme, id, 2);
  expect(await lists.find(acme, id)).toMatchObject({
    ...{ state: 'finished', waiting: 0, calling: 0, next_due: null, results: { answered: 2 } },
    ended_at: new Date(now).toISOString(),
  });
  expect(await lists.open(acme)).toEqual([]);
});

it('goes by itself when it was kept as long as it may be', async () => {
  const acme = someone();
  const id = await lists.start(acme, someSettings(), someCallees(1, now), { ...span(), kept: 50 });
  const [one] = await due(acme, id);
  if (one) await dial(acme, id, one);
  await settle(acme, id, 1);
  await expect.poll(() => redis.run((client) => client.keys(`attendant:{${acme}}:list*${id}`))).toEqual([]);
  expect(await lists.list(acme)).toEqual([]);
  // What is left of it goes with the next one.
  await lists.start(acme, someSettings(), someCallees(1, now), span());
  expect(await redis.run((client) => client.zCard(`attendant:{${acme}}:lists`))).toBe(1);
});

it('calls nobody while it is paused, goes on when it is resumed, and ends when it is canceled, after the calls that run', async () => {
  const acme = someone();
  const id = await lists.start(acme, someSettings(), someCallees(5, now), span());
  const [one, two] = await due(acme, id);
  if (!one || !two) throw new Error('nobody is due');
  await dial(acme, id, one);
  await lists.change(acme, id, 'paused');
  await lists.change(acme, id, 'paused');
  expect(await due(acme, id)).toEqual([]);
  expect(await dial(acme, id, two)).toBe('gone');
  expect(await lists.find(acme, id)).toMatchObject({
    state: 'paused',
    waiting: 4,
    calling: 1,
    next_due: null,
  });
  await lists.change(acme, id, 'running');
  expect(await dial(acme, id, two)).toBe('placed');
  await settle(acme, id, 2, { again: now + 60_000 });
  await lists.change(acme, id, 'canceled');
  expect(await lists.find(acme, id)).toMatchObject({
    ...{ state: 'canceled', waiting: 0, calling: 1, ended_at: null, results: { canceled: 4 } },
  });
  await expect(lists.change(acme, id, 'running')).rejects.toMatchObject({ code: 'E_LIST_OVER' });
  // The call that ran would have been followed by another one.
  await settle(acme, id, 1, { again: now + 60_000 });
  const over = await lists.find(acme, id);
  expect(over).toMatchObject({ state: 'canceled', calling: 0, results: { canceled: 5 } });
  expect(over?.ended_at).not.toBeNull();
  if (!over) throw new Error('it is gone');
  const shown = await lists.callees(acme, over, 1, 50);
  expect(shown.map(({ state, result }) => [state, result])).toEqual(Array(5).fill(['done', 'canceled']));
});

it('expires, also while it is paused', async () => {
  const acme = someone();
  const id = await lists.start(acme, someSettings(), someCallees(3, now), span());
  const [one, two] = await due(acme, id);
  if (!one || !two) throw new Error('nobody is due');
  await dial(acme, id, one);
  await lists.change(acme, id, 'paused');
  now += DAY;
  expect(await due(acme, id)).toEqual([]);
  expect(await lists.find(acme, id)).toMatchObject({ state: 'expired', calling: 1, results: { expired: 2 } });
  expect(await dial(acme, id, two)).toBe('gone');
  await settle(acme, id, 1);
  expect(await lists.find(acme, id)).toMatchObject({
    state: 'expired',
    results: { answered: 1, expired: 2 },
  });
});

it('rests where a call could not be made, longer each time, and counts nothing', async () => {
  const acme = someone();
  const id = await lists.start(acme, someSettings(), someCallees(3, now), span());
  const both = (await due(acme, id)).slice(0, 2);
  for (const one of both) await dial(acme, id, one);
  for (const one of both) await settle(acme, id, one.callee.n, { again: now, made: false });
  expect(await due(acme, id)).toEqual([]);
  now += 29_999;
  expect(await due(acme, id)).toEqual([]);
  now += 1;
  const [again] = await due(acme, id);
  if (!again) throw new Error('it rests still');
  await dial(acme, id, again);
  await settle(acme, id, again.callee.n, { again: now, made: false });
  now += 59_999;
  expect(await due(acme, id)).toEqual([]);
  now += 1;
  expect(await due(acme, id)).toHaveLength(3);
});

it('is gone when it is removed, calls nobody more, and is nobody else’s', async () => {
  const acme = someone();
  const id = await lists.start(acme, someSettings(), someCallees(2, now), span());
  const [one] = await due(acme, id);
  if (!one) throw new Error('nobody is due');
  expect(await lists.find(someone(), id)).toBeUndefined();
  expect(await lists.remove(someone(), id)).toBe(false);
  expect(await lists.remove(acme, id)).toBe(true);
  expect(await lists.remove(acme, id)).toBe(false);
  expect(await dial(acme, id, one)).toBe('gone');
  expect(await lists.look(acme, id)).toBeUndefined();
  expect(await redis.run((client) => client.keys(`attendant:{${acme}}:list*`))).toEqual([]);
});

it('shows its callees by page, in order, and takes 10,000', { timeout: 60_000 }, async () => {
  const acme = someone();
  const callees = someCallees(10_000, now + 1_000);
  const id = await lists.start(
    acme,
    someSettings(),
    [...callees.slice(0, 9_999), ...someCallees(1, 0, { to: '+15559999999', uid: null, due: undefined })],
    span(),
  );
  const list = await lists.find(acme, id);
  if (!list) throw new Error('no list');
  expect(list).toMatchObject({ total: 10_000, waiting: 9_999, results: { do_not_call: 1 } });
  const page = await lists.callees(acme, list, 9_951, 50);
  expect(page.map(({ n }) => n)).toEqual(Array.from({ length: 50 }, (_, i) => 9_951 + i));
  expect(page.at(-1)).toMatchObject({ state: 'done', result: 'do_not_call', due: null });
  expect(page[0]).toMatchObject({ state: 'waiting', result: null, due: new Date(now + 1_000).toISOString() });
});

it('lets an organization have so many that are not over', async () => {
  const acme = someone();
  for (let i = 0; i < 50; i++) await lists.start(acme, someSettings(), someCallees(1, now), span());
  await expect(lists.start(acme, someSettings(), someCallees(1, now), span())).rejects.toMatchObject({
    code: 'E_LIMIT_REACHED',
  });
  expect(await lists.list(acme)).toHaveLength(50);
  expect(await redis.run((client) => client.keys(`attendant:{${acme}}:list-callees:*`))).toHaveLength(50);
});
