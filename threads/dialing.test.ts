import { expect, it } from 'vitest';
import type { AgentName, Organization } from '../base/ids.ts';
import { type Dialed, dialingIn } from './dialing.ts';
import { ownRedis } from './own-redis.fixture.ts';
import { connectRedis } from './redis.ts';
import { systemClock } from '../base/clock.ts';
import { createLog } from '../base/log.ts';

const { redis, server } = await ownRedis({ cluster: true });
const dialing = dialingIn(redis);
let organizations = 0;
let attempts = 0;

function someone(changes: Partial<Dialed> = {}): Dialed {
  const organization = `acme-${++organizations}` as Organization;
  return { organization, agent: 'desk' as AgentName, caller: '+15550123', to: 'sip:a@b', ...changes };
}
const take = (dialed: Dialed, limits: Parameters<typeof dialing.take>[2], by = dialing) =>
  by.take(`attempt-${++attempts}`, dialed, limits);

it('counts for one caller, to one destination and for one agent, each by itself', async () => {
  const one = someone();
  const limits = { per_hour: 4, per_caller: 2, per_destination: 3 };
  expect(await take(one, limits)).toBe('taken');
  expect(await take(one, limits)).toBe('taken');
  expect(await take(one, limits)).toBe('per_caller');
  const another = { ...one, caller: '+15550124' };
  expect(await take(another, limits)).toBe('taken');
  expect(await take(another, limits)).toBe('per_destination');
  const elsewhere = { ...another, to: 'sip:c@d' };
  expect(await take(elsewhere, limits)).toBe('taken');
  expect(await take({ ...elsewhere, caller: '', to: 'sip:e@f' }, limits)).toBe('per_hour');
  expect(await take({ ...one, agent: 'other' as AgentName }, limits), 'of another agent').toBe('taken');
  expect(await take(someone(), limits), 'of another organization').toBe('taken');
});

it('lets no more through than it may, whichever of several processes asks', async () => {
  const one = someone();
  const { signal } = new AbortController();
  const log = createLog('test', 'silent');
  const other = connectRedis({ url: server.url, clock: systemClock, log, signal });
  await new Promise<void>((resolve) => other.onReady(resolve));
  const both = [dialing, dialingIn(other)];
  const asked = Array.from({ length: 40 }, (_, i) => take(one, { per_caller: 7 }, both[i % 2]));
  const answers = await Promise.all(asked);
  expect(answers.filter((answer) => answer === 'taken')).toHaveLength(7);
  await other.close();
});

it('knows one destination however it is written', async () => {
  const one = someone({ to: 'tel:+1-555-0123' });
  expect(await take(one, { per_destination: 1 })).toBe('taken');
  expect(await take({ ...one, to: 'tel:+15550123' }, { per_destination: 1 })).toBe('per_destination');
  expect(await take({ ...one, to: 'TEL:+1(555)0123;x=y' }, { per_destination: 1 })).toBe('per_destination');
});

it('counts calls over a trunk while they last, of all agents', async () => {
  const one = someone({ trunk: 'provider' });
  const limits = { per_trunk: 2 };
  expect(await dialing.take('first', one, limits)).toBe('taken');
  expect(await take({ ...one, agent: 'other' as AgentName }, {})).toBe('taken');
  expect(await take(one, limits)).toBe('per_trunk');
  expect(await take({ ...one, trunk: undefined }, limits), 'what goes over none').toBe('taken');
  expect(await take({ ...one, trunk: 'backup' }, limits)).toBe('taken');
  await dialing.over(one.organization, 'provider', 'first');
  expect(await dialing.look(one, limits)).toBe('taken');
  expect(await take(one, limits)).toBe('taken');
  expect(await take(one, limits)).toBe('per_trunk');
});

it('counts a call over a trunk no longer that nobody holds', async () => {
  const brief = dialingIn(redis, 300);
  const one = someone({ trunk: 'provider' });
  const limits = { per_trunk: 1 };
  expect(await brief.take('dead', one, limits)).toBe('taken');
  await expect.poll(() => brief.look(one, limits), { timeout: 10_000 }).toBe('taken');
  expect(await dialing.take('held', one, limits)).toBe('taken');
  await dialing.hold(one.organization, 'provider', 'held');
  expect(await brief.look(one, limits)).toBe('per_trunk');
});

it('looks without counting, leaves no number in a key, and nothing for longer than an hour', async () => {
  const one = someone({ caller: '+4930123456', to: 'tel:+15550199', trunk: 'provider' });
  for (let i = 0; i < 3; i++) expect(await dialing.look(one, { per_hour: 1 })).toBe('taken');
  await take(one, { per_hour: 1 });
  expect(await dialing.look(one, { per_hour: 1 })).toBe('per_hour');
  const keys = await redis.run((client) => client.keys(`attendant:{${one.organization}}:*`));
  expect(keys).toHaveLength(4);
  expect(keys.join(' ')).not.toMatch(/4930123456|15550199/);
  for (const key of keys) {
    const left = await redis.run((client) => client.pTTL(key));
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(3_600_000);
  }
});
