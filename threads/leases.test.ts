import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import type { Organization } from '../base/ids.ts';
import { type HeldCall, type LeasePace, type Leases, leasesIn } from './leases.ts';
import { ownRedis } from './own-redis.fixture.ts';
import { someStart } from './thread.fixture.ts';

/** Milliseconds: short enough to wait for, long enough for a machine that does other things too. */
const PACE: Partial<LeasePace> = {
  held: 600,
  renewEvery: 50,
  secondMiss: 200,
  claimed: 600,
  grace: 0,
  others: 700,
};

const { server, redis } = await ownRedis({ cluster: true });
const open: Leases[] = [];
afterEach(async () => {
  for (const leases of open.splice(0)) await leases.close();
  await redis.run((client) => client.flushAll());
});

function worker(holder: string, changes: Partial<LeasePace> = {}): Leases {
  const leases = leasesIn(redis, { holder, clock: systemClock, changes: { ...PACE, ...changes } });
  open.push(leases);
  return leases;
}

function call(organization = 'acme'): HeldCall {
  return {
    start: someStart({ organization: organization as Organization }),
    leg: 'sip_1',
    agent: 'agent-1',
    definition: 'sha256:0',
    roomSid: 'RM_1',
  };
}

/** A worker that stops without a word: it renews nothing. */
async function dead(holder: string, held: HeldCall): Promise<void> {
  const leases = leasesIn(redis, { holder, clock: systemClock, changes: PACE });
  leases.hold(held, 1);
  await expect
    .poll(() => redis.run((client) => client.zCard(`attendant:{${held.start.organization}}:leases`)))
    .toBe(1);
  await leases.close();
}

const claimedBy = (leases: Leases) => expect.poll(() => leases.claim(), { timeout: 15_000, interval: 20 });

it('a call that is held is nobody else’s, however often they look', async () => {
  const hold = worker('a').hold(call(), 1);
  const other = worker('b');
  const until = Date.now() + 2_000;
  while (Date.now() < until) {
    expect(await other.claim()).toBeUndefined();
    await systemClock.sleep(40);
  }
  expect(hold.lost.aborted).toBe(false);
});

it('a call whose holder is silent goes to one of those who look, an epoch higher, with what is needed', async () => {
  const held = call();
  await dead('a', held);
  const others = ['b', 'c', 'd'].map((name) => worker(name));
  const found: unknown[] = [];
  await expect
    .poll(
      async () => {
        found.push(...(await Promise.all(others.map((leases) => leases.claim()))).filter(Boolean));
        return found.length;
      },
      { timeout: 15_000, interval: 20 },
    )
    .toBe(1);
  expect(found).toEqual([{ call: held, epoch: 2, left: false }]);
});

it('needs a second miss: one who renews just in time keeps the call', async () => {
  const held = call();
  await dead('a', held);
  const other = worker('b');
  const key = `attendant:{acme}:lease:${held.start.id}`;
  await expect
    .poll(async () => (await other.claim()) ?? (await redis.run((client) => client.hExists(key, 'missed'))))
    .toBe(1);
  const again = worker('a').hold(held, 1);
  await expect.poll(() => redis.run((client) => client.hExists(key, 'missed'))).toBe(0);
  expect(await other.claim()).toBeUndefined();
  expect(again.lost.aborted).toBe(false);
});

it('who comes back and finds a higher epoch has lost the call, and takes nothing of it', async () => {
  const held = call();
  await dead('a', held);
  const other = worker('b', { claimed: 60_000 });
  await claimedBy(other).toEqual({ call: held, epoch: 2, left: false });
  const late = worker('a').hold(held, 1);
  await expect.poll(() => late.lost.aborted).toBe(true);
  expect(late.lost.reason).toMatchObject({ code: 'E_CALL_TAKEN_OVER' });
  await late.release();
  expect(await redis.run((client) => client.hGet(`attendant:{acme}:lease:${held.start.id}`, 'holder'))).toBe(
    'b',
  );
});

it('who claims and then dies too is followed by the next', async () => {
  const held = call();
  await dead('a', held);
  await claimedBy(worker('b')).toEqual({ call: held, epoch: 2, left: false });
  await claimedBy(worker('c')).toEqual({ call: held, epoch: 3, left: false });
});

it('what is known to be gone is claimed without waiting', async () => {
  const [mine, theirs] = [call(), call()];
  await dead('a', mine);
  const kept = worker('z').hold(theirs, 1);
  const other = worker('b', { secondMiss: 3_600_000 });
  expect(await other.claim()).toBeUndefined();
  await other.lapse('a');
  expect(await other.claim()).toEqual({ call: mine, epoch: 2, left: false });
  expect(await other.claim()).toBeUndefined();
  expect(kept.lost.aborted).toBe(false);
});

it('what is given up is for others first, and for who gave it up where there are none', async () => {
  const held = call();
  const first = worker('a');
  const hold = first.hold(held, 1);
  await expect.poll(() => redis.run((client) => client.zCard('attendant:{acme}:leases'))).toBe(1);
  await hold.giveUp();
  expect(hold.lost.aborted).toBe(true);
  expect(await first.claim()).toBeUndefined();
  await claimedBy(first).toEqual({ call: held, epoch: 2, left: true });
});

it('what is released is gone, though it was being renewed just then', async () => {
  for (let i = 0; i < 50; i++) {
    const hold = worker('a').hold(call(), 1);
    await hold.release();
  }
  await systemClock.sleep(200);
  expect(await redis.run((client) => client.keys('attendant:{acme}:lease*'))).toEqual([]);
});

it('what is released while Redis is away is gone when it is back, and nobody’s to take over', async () => {
  const hold = worker('a').hold(call(), 1);
  const other = worker('b');
  await expect.poll(() => redis.run((client) => client.zCard('attendant:{acme}:leases'))).toBe(1);
  await server.kill();
  await expect.poll(() => redis.ready).toBe(false);
  await expect(hold.release()).rejects.toMatchObject({ code: 'E_REDIS_UNREACHABLE' });
  await server.start();
  const claims: unknown[] = [];
  await expect
    .poll(
      async () => {
        claims.push(await other.claim().catch(() => undefined));
        return redis.run((client) => client.keys('attendant:{acme}:lease*')).catch(() => ['redis is away']);
      },
      { timeout: 15_000 },
    )
    .toEqual([]);
  expect(claims.filter(Boolean)).toEqual([]);
  expect(hold.lost.aborted).toBe(false);
});

it('the clock of Redis set back an hour: who is gone is followed, and who is there keeps the call', async () => {
  const [mine, theirs] = [call(), call()];
  await dead('a', mine);
  const kept = worker('z').hold(theirs, 1);
  await expect.poll(() => redis.run((client) => client.zCard('attendant:{acme}:leases'))).toBe(2);
  const ahead = Date.now() + 3_600_000;
  await redis.run(async (client) => {
    for (const { start } of [mine, theirs]) {
      await client.zAdd('attendant:{acme}:leases', { value: start.id, score: ahead });
      await client.hSet(`attendant:{acme}:lease:${start.id}`, 'missed', ahead);
    }
  });
  const other = worker('b');
  await claimedBy(other).toEqual({ call: mine, epoch: 2, left: false });
  expect(await other.claim()).toBeUndefined();
  expect(kept.lost.aborted).toBe(false);
});

it('the clock of this machine set back an hour does not keep it from claiming', async () => {
  let ahead = 0;
  const clock = { ...systemClock, now: () => Date.now() + ahead };
  const leases = leasesIn(redis, { holder: 'b', clock, changes: { ...PACE, grace: 100 } });
  open.push(leases);
  const held = call();
  await dead('a', held);
  ahead = -3_600_000;
  await claimedBy(leases).toEqual({ call: held, epoch: 2, left: false });
});

it('says what it is transferring, to whoever takes the call', async () => {
  const held = call();
  const leases = leasesIn(redis, { holder: 'a', clock: systemClock, changes: PACE });
  const transfer = { name: 'sales', to: 'sip:sales@pbx', method: 'warm' } as const;
  leases.hold(held, 1).transferring(transfer);
  const key = `attendant:{acme}:lease:${held.start.id}`;
  await expect
    .poll(async () => JSON.parse((await redis.run((client) => client.hGet(key, 'call'))) ?? '{}') as unknown)
    .toMatchObject({ transfer });
  await leases.close();
  await claimedBy(worker('b')).toEqual({ call: { ...held, transfer }, epoch: 2, left: false });
});

it('nobody claims in the first moments after Redis came back, and holders find their leases again in one that is empty', async () => {
  const held = call();
  const holder = worker('a');
  const hold = holder.hold(held, 1);
  const cautious = worker('b', { grace: 3_600_000 });
  await expect.poll(() => redis.run((client) => client.zCard('attendant:{acme}:leases'))).toBe(1);
  await redis.run((client) => client.flushAll());
  await expect.poll(() => redis.run((client) => client.zCard('attendant:{acme}:leases'))).toBe(1);
  expect(hold.lost.aborted).toBe(false);
  await cautious.lapse('a');
  expect(await cautious.claim()).toBeUndefined();
});

it('a Redis that was frozen takes no call from anyone', async () => {
  const hold = worker('a', { renewEvery: 100 }).hold(call(), 1);
  const other = worker('b');
  await expect.poll(() => redis.run((client) => client.zCard('attendant:{acme}:leases'))).toBe(1);
  server.freeze(true);
  await systemClock.sleep(1_500);
  server.freeze(false);
  const until = Date.now() + 1_500;
  while (Date.now() < until) expect(await other.claim().catch(() => undefined)).toBeUndefined();
  expect(hold.lost.aborted).toBe(false);
});
