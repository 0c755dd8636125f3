import { expect, it } from 'vitest';
import type { Organization } from '../../base/ids.ts';
import { ownRedis } from '../own-redis.fixture.ts';
import { forgetCallee } from './forget.ts';
import { callTo, MANY, someCallees, someSettings } from './lists.fixture.ts';
import { callListsIn } from './store.ts';

const { redis } = await ownRedis({ cluster: true });
/** Held still; Redis's own clock is not asked. */
const now = Date.UTC(2026, 0, 5, 12);
const lists = callListsIn(redis, () => now);

const ACME = 'acme' as Organization;
const OTHER = 'other' as Organization;
const DAY = 86_400_000;
const SPAN = { starts: now, expires: now + DAY, kept: 30 * DAY };

it('forgets a person by number or UID, also one who is being called, and says in how many lists they were', async () => {
  const ids = [
    await lists.start(ACME, someSettings(), someCallees(3, now), SPAN),
    await lists.start(ACME, someSettings(), someCallees(2, now), SPAN),
  ] as const;
  const [first] = ids;
  const [one] = (await lists.look(ACME, first))?.due ?? [];
  if (!one) throw new Error('nobody is due');
  await lists.dial(ACME, first, one, { ...callTo(ACME, one, now), closing: now + DAY, limits: MANY });
  const thread = (await lists.callee(ACME, first, 1))?.attempts[0]?.thread;
  expect(await forgetCallee(redis, ACME, { to: one.callee.to })).toBe(2);
  expect(await forgetCallee(redis, ACME, { uid: 'uid-2' })).toBe(2);
  expect(await forgetCallee(redis, ACME, { uid: 'uid-2' })).toBe(0);
  expect(await forgetCallee(redis, OTHER, { uid: 'uid-3' })).toBe(0);
  // Nothing of them is left but in the thread that is erased with them.
  const keys = await redis.run((client) => client.keys(`attendant:{${ACME}}:list*`));
  const dumps = await Promise.all(keys.map((key) => redis.run((client) => client.dump(key))));
  for (const dump of dumps)
    for (const trace of [one.callee.to, 'uid-1', 'uid-2', 'callee 1']) expect(dump).not.toContain(trace);
  expect(await lists.find(ACME, ids[1])).toMatchObject({
    state: 'finished',
    total: 2,
    results: { erased: 2 },
  });
  // Their call makes room when it is over.
  expect(await lists.find(ACME, first)).toMatchObject({ calling: 1, waiting: 1, results: { erased: 2 } });
  if (!thread) throw new Error('no call');
  const gone = { ...one.callee, result: 'erased' as const };
  expect(await lists.settle(ACME, first, { thread, made: true }, { callee: gone })).toBe(true);
  expect(await lists.find(ACME, first)).toMatchObject({ calling: 0, waiting: 1, results: { erased: 2 } });
  expect(await lists.callee(ACME, first, 1)).toBeUndefined();
});
