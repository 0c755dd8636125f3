import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import type { AgentName, Organization } from '../base/ids.ts';
import { createLog } from '../base/log.ts';
import { appendEntries } from './append.ts';
import type { Cost } from './cost.ts';
import type { Entry } from './entry.ts';
import { usageKey } from './keys.ts';
import { connectRedis, type Redis } from './redis.ts';
import { RedisServer } from './redis-server.fixture.ts';
import { Items } from './send.ts';
import { someStart } from './thread.fixture.ts';
import { readUsage } from './usage.ts';
import { eraseThreads } from './erase.ts';

const log = createLog('test', 'silent');
const stop = new AbortController();

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await RedisServer.start({ cluster: true });
  redis = connectRedis({ url: server.url, clock: systemClock, log, signal: stop.signal });
  await new Promise<void>((resolve) => redis.onReady(resolve));
});
afterAll(async () => {
  stop.abort(new Error('the test is over'));
  await redis.close();
  await server.remove();
});

const newOrganization = () => `org-${Math.random().toString(36).slice(2)}` as Organization;

const COST: Cost = {
  currency: 'USD',
  total: '0.000100',
  parts: [
    { part: 'llm', name: 'chat', amount: '0.000100' },
    { part: 'tts', name: 'voice', amount: null },
  ],
  prices: 'sha256:1',
};

/** A call of a minute and a half, written as a worker does. */
async function call(
  organization: Organization,
  {
    agent = 'desk',
    day = '2026-01-31',
    cost = COST,
    onlyEnd = false,
  }: { agent?: string; day?: string; cost?: Cost; onlyEnd?: boolean } = {},
) {
  const at = (time: string) => `${day}T${time}.000Z`;
  const start = someStart({ organization, agent: agent as AgentName, started_at: at('23:59:00') });
  const entries: Entry[] = [
    { kind: 'started', start },
    { kind: 'answered', at: at('23:59:00') },
    {
      kind: 'measured',
      measures: {
        talk: { agent: 1, caller: 1, silence: 1 },
        interruptions: 0,
        gaps: { count: 0, total: 0 },
        models: [
          { part: 'llm', model: 'chat', input_tokens: 1_000, cached_tokens: 200, output_tokens: 50 },
          { part: 'stt', model: 'ears', audio: 12_500 },
          { part: 'tts', model: 'voice', audio: 30_000, characters: 420 },
        ],
      },
      at: at('23:59:30'),
    },
    {
      kind: 'ended',
      end_reason: { result: 'completed', reason: 'end_dialog' },
      cost,
      at: new Date(Date.parse(at('23:59:00')) + 90_000).toISOString(),
    },
  ];
  const items = new Items();
  const all = entries.map((entry, i) => items.next({ epoch: 1, n: i + 1, entry }));
  const sent = onlyEnd ? all.slice(-1) : all;
  await appendEntries(redis, start, 1, sent);
  return { start, sent };
}

const ONE = {
  calls: 1,
  minutes: 1.5,
  tokens: { input: 1_000, cached: 200, output: 50 },
  seconds: { heard: 12.5, spoken: 30 },
  characters: 420,
  cost: { USD: '0.000100' },
  unpriced: 1,
};
const days = ['2026-01-30', '2026-01-31', '2026-02-01'];

describe('usage', () => {
  it('is counted once, however often a call is sent, for the day on which it began', async () => {
    const organization = newOrganization();
    const { start, sent } = await call(organization);
    await appendEntries(redis, start, 1, sent);
    expect(await readUsage(redis, organization, { days, by: 'day' })).toEqual({
      rows: [{ day: '2026-01-31', ...ONE }],
      total: ONE,
    });
    expect((await readUsage(redis, organization, { days: ['2026-02-01'], by: 'day' })).total.calls).toBe(0);
    expect((await readUsage(redis, newOrganization(), { days, by: 'day' })).rows).toEqual([]);
  });

  it('is told by agent and by model', async () => {
    const organization = newOrganization();
    await call(organization, { agent: 'desk' });
    await call(organization, { agent: 'sales', day: '2026-02-01' });
    await call(organization, { agent: 'desk', cost: { ...COST, currency: 'EUR' } });
    const byAgent = await readUsage(redis, organization, { days, by: 'agent' });
    expect(byAgent.rows).toEqual([
      {
        agent: 'desk',
        ...ONE,
        calls: 2,
        minutes: 3,
        tokens: { input: 2_000, cached: 400, output: 100 },
        seconds: { heard: 25, spoken: 60 },
        characters: 840,
        cost: { EUR: '0.000100', USD: '0.000100' },
        unpriced: 2,
      },
      { agent: 'sales', ...ONE },
    ]);
    expect(byAgent.total).toMatchObject({
      calls: 3,
      minutes: 4.5,
      cost: { EUR: '0.000100', USD: '0.000200' },
    });
    const byModel = await readUsage(redis, organization, { days, by: 'model' });
    expect(byModel.total).toEqual(byAgent.total);
    expect(byModel.rows).toMatchObject([
      { part: 'llm', name: 'chat', calls: 3, minutes: 4.5, tokens: { input: 3_000 }, seconds: { heard: 0 } },
      { part: 'stt', name: 'ears', calls: 3, seconds: { heard: 37.5, spoken: 0 }, unpriced: 0, cost: {} },
      { part: 'tts', name: 'voice', calls: 3, characters: 1_260, unpriced: 3 },
    ]);
  });

  it('stays counted when a thread is erased, and comes again with none', async () => {
    const organization = newOrganization();
    const { start, sent } = await call(organization);
    await eraseThreads({ redis, archive: undefined, clock: systemClock }, organization, start.id);
    await appendEntries(redis, start, 1, sent);
    expect((await readUsage(redis, organization, { days, by: 'day' })).total).toEqual(ONE);
  });

  it('is right with 10,000 calls, in one small hash for each day', { timeout: 120_000 }, async () => {
    const organization = newOrganization();
    // Nothing is lost here when it dies, and a disk that is asked after each call takes its time.
    await redis.run((client) => client.configSet('appendonly', 'no'));
    for (let i = 0; i < 10_000; i += 100)
      await Promise.all(
        Array.from({ length: 100 }, (_, j) => {
          const day = days[(i + j) % 3] ?? '';
          return call(organization, { agent: `agent-${(i + j) % 7}`, day, onlyEnd: true });
        }),
      );
    const { rows, total } = await readUsage(redis, organization, { days, by: 'agent' });
    expect(rows).toHaveLength(7);
    expect(total).toEqual({
      calls: 10_000,
      minutes: 15_000,
      tokens: { input: 10_000_000, cached: 2_000_000, output: 500_000 },
      seconds: { heard: 125_000, spoken: 300_000 },
      characters: 4_200_000,
      cost: { USD: '1.000000' },
      unpriced: 10_000,
    });
    // Whatever the number of calls, a day is one small hash.
    const fields = await redis.run((client) => client.hLen(usageKey(organization, '2026-01-31')));
    expect(fields).toBeLessThan(7 * 25);
  });

  it('has an end to its rows: what is beyond counts together', async () => {
    const organization = newOrganization();
    for (let i = 0; i < 400; i += 1) await call(organization, { agent: `agent-${i}` });
    const { rows, total } = await readUsage(redis, organization, { days, by: 'agent' });
    expect(total.calls).toBe(400);
    expect(total.tokens.input).toBe(400_000);
    expect(rows.find((row) => 'agent' in row && row.agent === '(other)')?.calls).toBeGreaterThan(10);
    expect(await redis.run((client) => client.hLen(usageKey(organization, '2026-01-31')))).toBeLessThan(
      5_100,
    );
  });

  it('passes over what somebody else wrote there', async () => {
    const organization = newOrganization();
    await call(organization);
    const key = usageKey(organization, '2026-01-31');
    const odd = { nonsense: '1', '["a"] calls': '1', '["a","",""] calls': 'many', '[1,2,3] calls': '1' };
    await redis.run((client) => client.hSet(key, odd));
    expect((await readUsage(redis, organization, { days, by: 'day' })).total).toEqual(ONE);
  });
});
