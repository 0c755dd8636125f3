import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import type { Organization } from '../base/ids.ts';
import { parseMetrics, valueOf } from '../base/prometheus.fixture.ts';
import type { SpanFacts, Tracing } from '../base/tracing.ts';
import { until } from '../tests/until.ts';
import { apiParts } from './app.fixture.ts';
import { createApp } from './app.ts';
import { ApiMetrics, outboxDepths } from './metrics.ts';
import { traceDelivery } from './observe.ts';

const TOKEN = 'a-token-of-more-than-16';
const ORGANIZATION = 'default' as Organization;

/** Spans that were begun, with what they said in the end. */
function spans() {
  const kept: { name: string; facts: SpanFacts; about?: string | undefined; failed: boolean }[] = [];
  const begin = (name: string, facts: SpanFacts = {}, about?: string) => ({
    begin: () => begin('below'),
    end: (_at: number, more: SpanFacts = {}, failed = false) => {
      kept.push({ name, facts: { ...facts, ...more }, about, failed });
    },
  });
  const tracing: Tracing = {
    call: () => begin('call'),
    inCall: (thread, name, _at, facts) => begin(name, facts, thread),
    request: (name, _at, facts, about) => begin(name, facts, about),
    close: () => Promise.resolve(),
  };
  return { kept, tracing };
}

let parts: Awaited<ReturnType<typeof apiParts>>;
beforeAll(async () => {
  parts = await apiParts();
});
afterAll(() => parts.close());

function api() {
  const { webhooks, outbox } = parts.threads;
  const metrics = new ApiMetrics(() => outboxDepths(webhooks, outbox));
  const { kept, tracing } = spans();
  const app = createApp({ ...parts, observing: { metrics, metricsToken: TOKEN, tracing } });
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    Promise.resolve(app.request(path, { method, headers }));
  const read = async () => {
    const response = await get('/metrics', { authorization: `Bearer ${TOKEN}` });
    const families = parseMetrics(await response.text());
    return (name: string, labels: Record<string, string> = {}) => valueOf(families, name, labels);
  };
  return { metrics, kept, tracing, get, read };
}

describe('/metrics', () => {
  it('opens to the token alone, to no API key', async () => {
    const { get } = api();
    const refused = [
      {},
      { 'api-key': 'dev-key' },
      { authorization: 'Bearer dev-key' },
      { authorization: TOKEN },
    ];
    for (const headers of refused) expect((await get('/metrics', headers)).status).toBe(401);
    const answer = await get('/metrics', { authorization: `Bearer ${TOKEN}` });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  });

  it('is not there where no token is set', async () => {
    const { metrics } = api();
    const app = createApp({ ...parts, observing: { metrics, metricsToken: undefined, tracing: undefined } });
    const headers = { authorization: 'Bearer undefined', 'api-key': 'dev-key' };
    expect((await app.request('/metrics', { headers })).status).toBe(404);
  });

  it('counts requests by their operation and answer, refused ones too, and none by what it asked for', async () => {
    const { get, read } = api();
    const key = { 'api-key': 'dev-key' };
    const { id } = await parts.write('metered');
    await get(`/threads/${id}`, key);
    await get(`/threads/${id}`, key, 'HEAD');
    await get('/threads/metered');
    await get('/threads?limit=nonsense', key);
    await get('/healthz');
    await get('/+15550123/nothing', key);
    const value = await read();
    expect(value('attendant_api_requests_total', { operation: 'getThread', status: '200' })).toBe(2);
    expect(value('attendant_api_requests_total', { operation: 'getThread', status: '401' })).toBe(1);
    expect(value('attendant_api_requests_total', { operation: 'listThreads', status: '400' })).toBe(1);
    expect(value('attendant_api_requests_total', { operation: 'getHealth', status: '200' })).toBe(1);
    expect(value('attendant_api_requests_total', { operation: 'other', status: '404' })).toBe(1);
    expect(value('attendant_api_request_seconds_count', { operation: 'getThread' })).toBe(3);
    const text = await (await get('/metrics', { authorization: `Bearer ${TOKEN}` })).text();
    expect(text).not.toMatch(/15550123|metered|thr_/);
  });

  it('shows streams of events while they are open', async () => {
    const { get, read } = api();
    const stream = await get('/events', { 'api-key': 'dev-key' });
    expect((await read())('attendant_api_event_streams')).toBe(1);
    await stream.body?.cancel();
    await until('the stream has ended', async () => (await read())('attendant_api_event_streams') === 0);
  });

  it('shows how much waits in the outbox and for how long, what was given up, and what became of attempts', async () => {
    const { metrics, read } = api();
    const { webhooks, outbox } = parts.threads;
    const events = ['call.started'] as const;
    const { id: webhook } = await webhooks.add(ORGANIZATION, { url: 'https://crm.example/', events });
    expect((await read())('attendant_outbox_queues', { state: 'due' })).toBe(0);
    await parts.write('first');
    await parts.write('second');
    await until('one has been due for a moment', async () => {
      const value = await read();
      return (
        value('attendant_outbox_queues', { state: 'due' }) === 2 &&
        value('attendant_outbox_oldest_due_seconds')
      );
    });
    const claim = await outbox.claim(ORGANIZATION, { lease: 60_000, passOver: [] });
    if (!claim) throw new Error('something was due');
    await parts.write('third');
    const delivery = {
      message: claim.message.id,
      event: 'call.started',
      thread: claim.thread,
      status: 500,
      error: null,
      took: 1,
      at: '',
    };
    await outbox.settle(claim, { how: 'dead', message: claim.message, error: 'no' }, delivery);
    await outbox.claim(ORGANIZATION, { lease: 60_000, passOver: [] });
    metrics.delivered({ how: 'dead', status: 503, took: 120 });
    metrics.delivered({ how: 'retry', status: null, took: 15_000 });
    const value = await read();
    expect(value('attendant_outbox_queues', { state: 'due' })).toBe(1);
    expect(value('attendant_outbox_queues', { state: 'waiting' })).toBe(1);
    expect(value('attendant_dead_letters')).toBe(1);
    expect(value('attendant_webhook_deliveries_total', { result: 'dead', status: '5xx' })).toBe(1);
    expect(value('attendant_webhook_deliveries_total', { result: 'retry', status: 'none' })).toBe(1);
    expect(value('attendant_webhook_delivery_seconds_count')).toBe(1);
    await webhooks.remove(ORGANIZATION, webhook);
  });

  it('leaves out what only Redis knows while that is away', async () => {
    const metrics = new ApiMetrics(() => Promise.reject(new Error('away')));
    metrics.answered('getThread', 503, 4);
    const families = parseMetrics(await metrics.text());
    expect(valueOf(families, 'attendant_api_redis_up')).toBe(0);
    expect(families.has('attendant_dead_letters')).toBe(false);
    expect(families.has('attendant_api_requests_total')).toBe(true);
  });
});

describe('traces', () => {
  it('tell of requests by operation and route, pointing to the call where its id was asked for', async () => {
    const { get, kept } = api();
    const { id } = await parts.write('traced-uid');
    await get(`/threads/${id}`, { 'api-key': 'dev-key' });
    await get('/threads/traced-uid', { 'api-key': 'dev-key' });
    await get('/healthz');
    const route = { 'http.request.method': 'GET', 'http.route': '/threads/{key}' };
    expect(kept).toEqual([
      { name: 'getThread', facts: { ...route, 'http.response.status_code': 200 }, about: id, failed: false },
      {
        name: 'getThread',
        facts: { ...route, 'http.response.status_code': 200 },
        about: undefined,
        failed: false,
      },
    ]);
  });

  it('have each attempt to tell a webhook something in the trace of its call', async () => {
    const { kept, tracing } = spans();
    const { id: thread } = await parts.write('told');
    const webhook = 'whk_01JD3V5Y8S2T4Q6W8E0R2T4Y6Z' as Parameters<typeof traceDelivery>[1]['webhook'];
    const attempt = { thread, webhook, event: 'call.ended', began: systemClock.now(), took: 20 };
    traceDelivery(tracing, { ...attempt, how: 'retry', status: 500 });
    expect(kept).toEqual([
      {
        name: 'webhook call.ended',
        facts: {
          'attendant.webhook': webhook,
          'attendant.result': 'retry',
          'http.response.status_code': 500,
        },
        about: thread,
        failed: true,
      },
    ]);
  });
});
