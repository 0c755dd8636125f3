import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import type { Organization } from '../base/ids.ts';
import { createLog } from '../base/log.ts';
import type { AnalysisEntry } from './analyses.ts';
import type { Entry } from './entry.ts';
import { analysesKey, eventsKey, threadKey } from './keys.ts';
import { RedisServer } from './redis-server.fixture.ts';
import { openThreads, type Threads } from './store.ts';
import { someStart } from './thread.fixture.ts';

const log = createLog('test', 'silent');
const at = '2026-01-01T00:00:30.000Z';
const stop = new AbortController();
const LEASE = 60_000;

let server: RedisServer;
let threads: Threads;
let client: Awaited<ReturnType<RedisServer['client']>>;

beforeAll(async () => {
  server = await RedisServer.start({ cluster: true });
  threads = openThreads({ redisUrl: server.url, clock: systemClock, log, signal: stop.signal });
  client = await server.client();
  while (!threads.ready) await systemClock.sleep(20);
});
afterAll(async () => {
  stop.abort(new Error('the test is over'));
  await threads.close();
  await client.close();
  await server.remove();
});

const cost = {
  currency: 'USD',
  total: '0.001000',
  parts: [{ part: 'llm', name: 'chat', amount: '0.001000' }],
  prices: 'sha256:1',
} as const;
const PLAIN: Entry = { kind: 'ended', end_reason: { result: 'completed', reason: 'end_dialog' }, at };
const ENDED: Entry = { ...PLAIN, cost, analysis: { model: 'chat', timeout: 30 } };
const RESULT: AnalysisEntry = {
  kind: 'analysis',
  analysis: { status: 'done', model: 'chat', at, summary: 'All well.', sentiment: 'neutral', follow_ups: [] },
  use: { part: 'analysis', model: 'chat', input_tokens: 100, cached_tokens: 0, output_tokens: 10 },
  cost: { part: 'analysis', name: 'chat', amount: '0.000250' },
  at,
};

/** A call that is over, in an organization of the test's own. */
async function call(organization = newOrganization(), ended: Entry = ENDED) {
  const start = someStart({ organization });
  const thread = threads.write(start, 1);
  thread.append({ kind: 'answered', at: '2026-01-01T00:00:00.000Z' });
  thread.append({ kind: 'message', message: { role: 'user', content: 'Hello.', created_at: at } });
  thread.append(ended);
  await thread.flushed(AbortSignal.timeout(20_000));
  thread.close();
  return { organization, id: start.id };
}
const newOrganization = () => `org-${Math.random().toString(36).slice(2)}` as Organization;

async function claimed(organization: Organization, lease = LEASE) {
  const claim = await threads.analyses.claim(organization, lease);
  if (!claim) throw new Error('there is nothing to claim');
  return claim;
}

describe('a call that is to be analyzed', () => {
  it('waits for it from the step that ended it, and no other call does', async () => {
    const { organization, id } = await call();
    expect(await threads.analyses.organizations()).toContain(organization);
    expect((await threads.read(organization, id))?.analysis).toEqual({ status: 'pending' });
    const claim = await claimed(organization);
    expect(claim).toMatchObject({ thread: id, attempt: 1 });
    const found = await threads.analyses.read(claim);
    expect(found?.ask).toEqual({ model: 'chat', timeout: 30 });
    expect(found?.thread.history).toHaveLength(1);
    const other = await call(newOrganization(), PLAIN);
    expect((await threads.read(other.organization, other.id))?.analysis).toBeNull();
    expect(await threads.analyses.claim(other.organization, LEASE)).toBeUndefined();
  });

  it('is claimed by one of many at once', async () => {
    const { organization } = await call();
    const claims = await Promise.all(
      Array.from({ length: 20 }, () => threads.analyses.claim(organization, LEASE)),
    );
    expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1);
  });

  it('gets one result: on the thread, in lists, in its cost, among the events, and for webhooks', async () => {
    const { organization, id } = await call();
    const claim = await claimed(organization);
    const results = await Promise.all([1, 2, 3].map(() => threads.analyses.settle(claim, RESULT)));
    expect(results.sort()).toEqual([false, false, true]);
    const thread = await threads.read(organization, id);
    expect(thread).toMatchObject({
      status: 'ended',
      analysis: RESULT.analysis,
      metrics: { models: [RESULT.use] },
      cost: { total: '0.001250', parts: [...cost.parts, RESULT.cost], prices: 'sha256:1' },
    });
    const [listed] = (await threads.list(organization, { status: 'ended' }, { limit: 5 })).threads;
    expect(listed).toMatchObject({ id, analysis: RESULT.analysis, cost: { total: '0.001250' } });
    const events = await client.xRange(eventsKey(organization), '-', '+');
    expect(events?.map(({ message }) => message['kind'])).toEqual([
      'started',
      'answered',
      'message',
      'ended',
      'analysis',
    ]);
    expect(await threads.analyses.claim(organization, LEASE)).toBeUndefined();
  });

  it('is told to webhooks behind its end', async () => {
    const organization = newOrganization();
    const events = ['call.ended', 'call.analyzed'] as const;
    await threads.webhooks.add(organization, { url: 'https://crm.example/', events });
    await call(organization);
    await threads.analyses.settle(await claimed(organization), RESULT);
    const ended = await threads.outbox.claim(organization, { lease: LEASE, passOver: [] });
    expect(ended?.message.event).toBe('call.ended');
    if (!ended) return;
    await threads.outbox.settle(ended, { how: 'sent' }, undefined);
    const analyzed = await threads.outbox.claim(organization, { lease: LEASE, passOver: [] });
    expect(analyzed && (await threads.outbox.body(analyzed))).toMatchObject({
      type: 'call.analyzed',
      data: { summary: 'All well.' },
      thread: { analysis: { status: 'done' } },
    });
  });

  it('is claimed anew when a process that claimed it died, whose result then counts no more', async () => {
    const { organization, id } = await call();
    const dead = await claimed(organization, 1);
    let second = await threads.analyses.claim(organization, LEASE);
    while (!second) second = await threads.analyses.claim(organization, LEASE);
    expect(second).toMatchObject({ thread: id, attempt: 2 });
    expect(await threads.analyses.settle(dead, RESULT)).toBe(false);
    await threads.analyses.giveBack(dead, 0, { counts: true });
    expect(await threads.analyses.claim(organization, LEASE)).toBeUndefined();
    const failed = { kind: 'analysis', analysis: { status: 'failed', code: 'E_TIMEOUT', at }, at } as const;
    expect(await threads.analyses.settle(second, failed)).toBe(true);
    expect((await threads.read(organization, id))?.analysis).toEqual(failed.analysis);
  });

  it('is given back for later, counted as an attempt or not', async () => {
    const { organization } = await call();
    await threads.analyses.giveBack(await claimed(organization), 0, { counts: false });
    const again = await claimed(organization);
    expect(again.attempt).toBe(1);
    await threads.analyses.giveBack(again, 0, { counts: true });
    const third = await claimed(organization);
    expect(third.attempt).toBe(2);
    await threads.analyses.giveBack(third, LEASE, { counts: true });
    expect(await threads.analyses.claim(organization, LEASE)).toBeUndefined();
  });

  it('gets no result when it was erased meanwhile, and nothing of it comes back', async () => {
    const { organization, id } = await call();
    const claim = await claimed(organization);
    await threads.erase(organization, id);
    expect(await threads.analyses.read(claim)).toBeUndefined();
    expect(await threads.analyses.settle(claim, RESULT)).toBe(false);
    expect(await client.exists(threadKey(organization, id))).toBe(0);
    await threads.analyses.drop(claim);
    expect(await client.zCard(analysesKey(organization))).toBe(0);
  });

  it('keeps its result when late entries of the call come in', async () => {
    const organization = newOrganization();
    const start = someStart({ organization });
    const writer = threads.write(start, 1);
    writer.append(ENDED);
    await writer.flushed(AbortSignal.timeout(20_000));
    await threads.analyses.settle(await claimed(organization), RESULT);
    writer.append({ kind: 'warning', code: 'E_TEMPLATE_EMPTY', detail: 'late', at });
    await writer.flushed(AbortSignal.timeout(20_000));
    const [listed] = (await threads.list(organization, {}, { limit: 5 })).threads;
    expect(listed).toMatchObject({
      status: 'ended',
      analysis: { status: 'done' },
      warnings: [{ detail: 'late' }],
    });
  });
});
