import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { AgentName, Organization } from '../../base/ids.ts';
import { createLog } from '../../base/log.ts';
import { ordersIn } from '../../threads/orders.ts';
import type { Thread } from '../../threads/thread.ts';
import { apiParts, callingAgents, noLiveKit } from '../app.fixture.ts';
import { createApp } from '../app.ts';
import { callCommand } from './command.ts';
import { OutboundCalls } from './outbound.ts';

const api = await apiParts();
const { ask, redis, threads } = api;
const stop = new AbortController();
afterAll(async () => {
  stop.abort(new Error('test over'));
  await api.close();
});

const key = 'dev-key';
const CALL = { to: '+15550123', agent: 'reminder' };
const place = (body: object, headers = {}) => ask('POST', '/calls', { key, body, headers });
const threadOf = async (id: string) => (await (await ask('GET', `/threads/${id}`, { key })).json()) as Thread;

/** An API of its own, with these limits and patience. */
function apiWith(limits: { calls: number; perMinute: number }, pace = {}) {
  const outbound = new OutboundCalls({
    threads: { ...threads, orders: ordersIn(redis, pace) },
    definitions: callingAgents(),
    livekit: noLiveKit(),
    limits,
    clock: systemClock,
    log: createLog('test', 'silent'),
    signal: stop.signal,
  });
  return createApp({ ...api, outbound });
}

describe('POST /calls', () => {
  it('answers when the thread is there, which says who is called, by whom and for what', async () => {
    const response = await place({
      ...CALL,
      uid: 'reminder-7',
      trunk: 'backup',
      caller_id: '+15550101',
      vars: { name: 'Ada', date: '1 May' },
      headers: { 'X-Campaign': 'spring' },
      ring_timeout: 20,
    });
    expect(response.status).toBe(202);
    const placed = (await response.json()) as { id: string };
    expect(placed).toEqual({
      id: expect.stringMatching(/^thr_/) as unknown,
      uid: 'reminder-7',
      agent: 'reminder',
      to: '+15550123',
      caller_id: '+15550101',
      trunk: 'backup',
    });
    expect(await threadOf(placed.id)).toMatchObject({
      uid: 'reminder-7',
      status: 'active',
      direction: 'outbound',
      agent: 'reminder',
      agent_version: 'sha256:1',
      caller: {
        number: '+15550101',
        dialed: '+15550123',
        trunk: 'backup',
        headers: { 'x-campaign': 'spring' },
        vars: { name: 'Ada', date: '1 May' },
      },
      answered_at: null,
      end_reason: null,
    });
    // The worker that takes the order writes the same first entry, which counts once.
    const writer = threads.write(await threadOf(placed.id), 1);
    await writer.flushed(AbortSignal.timeout(10_000));
    const entries = await redis.run((client) => client.xLen(`attendant:{default}:entries:${placed.id}`));
    expect(entries).toBe(1);
    writer.close();
  });

  it('tells at once that the agent has dialed as much as it may, by all workers and processes', async () => {
    const agents = callingAgents();
    const limited = {
      ...agents,
      get: (name: AgentName) => {
        const loaded = agents.get(name);
        const limits = { ...loaded.definition.limits, dialing: { per_destination: 2 } };
        return { ...loaded, definition: { ...loaded.definition, limits } };
      },
    };
    const own = new OutboundCalls({
      threads,
      definitions: limited,
      livekit: noLiveKit(),
      limits: { calls: 1_000, perMinute: 1_000 },
      clock: systemClock,
      log: createLog('test', 'silent'),
      signal: stop.signal,
    });
    const app = createApp({ ...api, outbound: own });
    const post = (to: string) =>
      app.request('/calls', {
        method: 'POST',
        headers: { 'api-key': key, 'content-type': 'application/json' },
        body: JSON.stringify({ ...CALL, to }),
      });
    const to = '+15550177';
    const dialed = {
      organization: 'default' as Organization,
      agent: 'reminder' as AgentName,
      caller: to,
      to: `tel:${to}`,
    };
    expect((await post(to)).status).toBe(202);
    for (const id of ['first', 'second'])
      await threads.dialing.take(id, { ...dialed, trunk: 'provider' }, {});
    const refused = await post(to);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ code: 'E_DIAL_LIMIT' });
    expect((await post('+15550178')).status).toBe(202);
  });

  it('makes one call of a request that is sent twice with one Idempotency-Key', async () => {
    const idOf = async (idempotencyKey: string) => {
      const response = await place(CALL, { 'idempotency-key': idempotencyKey });
      return ((await response.json()) as { id: string }).id;
    };
    const id = await idOf('a');
    expect(await idOf('a')).toBe(id);
    expect(await idOf('b')).not.toBe(id);
  });

  it.each([
    { to: '' },
    { to: 'desk' },
    { to: '+15550123\r\nX: y' },
    { to: 'sip:a@pbx.example.com?Replaces=1' },
    { to: ['+15550123'] },
    { agent: '../reminder' },
    { uid: 'a b' },
    { uid: 'x'.repeat(300) },
    { vars: { 'a b': 'x' } },
    { vars: { a: 'one\ntwo' } },
    { vars: { a: 'x'.repeat(2_049) } },
    { vars: { a: { b: 'c' } } },
    { vars: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`v${i}`, 'x'])) },
    { headers: { Via: 'x' } },
    { headers: { 'Refer-To': 'x' } },
    { headers: { 'X-Attendant-Side-Call': '1' } },
    { headers: { 'X-A': 'one\r\nVia: two' } },
    { headers: { 'X-A': 'ü' } },
    { headers: { 'X-A B': 'x' } },
    { headers: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`X-${i}`, 'x'])) },
    { ring_timeout: 0 },
    { ring_timeout: 76 },
    { trunk: '' },
    { caller_id: 'a\u0000b' },
    { auth: { user_env: 'A', password_env: 'B' } },
  ])('takes %j for malformed', async (part) => {
    const response = await place({ ...CALL, ...part });
    expect(await response.json()).toMatchObject({ status: 400, code: 'E_BAD_REQUEST' });
  });

  it('takes no variable that is none', async () => {
    const body = `{"to":"+15550123","agent":"reminder","vars":{"__proto__":"x","constructor":"y"}}`;
    const response = await ask('POST', '/calls', { key, body });
    const { id } = (await response.json()) as { id: string };
    expect((await threadOf(id)).caller.vars).toEqual({ constructor: 'y' });
  });

  it.each([
    [{ to: '+19005550123' }, 403, 'E_OUTBOUND_REFUSED'],
    [{ to: '+15559123456' }, 403, 'E_OUTBOUND_REFUSED'],
    [{ to: 'sip:911@pbx.example.com' }, 403, 'E_OUTBOUND_REFUSED'],
    [{ trunk: 'other' }, 403, 'E_OUTBOUND_REFUSED'],
    [{ caller_id: '+15550199' }, 403, 'E_OUTBOUND_REFUSED'],
    [{ agent: 'sip-call-center' }, 403, 'E_OUTBOUND_REFUSED'],
    [{ agent: 'nobody' }, 404, 'E_DEFINITION_NOT_FOUND'],
  ])('refuses %j', async (part, status, code) => {
    const response = await place({ ...CALL, ...part });
    expect(await response.json()).toMatchObject({ status, code });
  });

  it('leaves nothing of what it refuses', async () => {
    const uid = 'refused-1';
    await place({ ...CALL, uid, to: '+19005550123' });
    expect((await ask('GET', `/threads/${uid}`, { key })).status).toBe(404);
  });

  it('lets an organization have so many calls and no more, and says when to come again', async () => {
    const app = apiWith({ calls: 2, perMinute: 100 });
    const request = () =>
      app.request('/calls', {
        method: 'POST',
        headers: { 'api-key': 'other-key', 'content-type': 'application/json' },
        body: JSON.stringify(CALL),
      });
    const answers = await Promise.all(Array.from({ length: 6 }, () => Promise.resolve(request())));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 202, 429, 429, 429, 429]);
    const refused = answers.find(({ status }) => status === 429);
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused?.json()).toMatchObject({ code: 'E_OUTBOUND_LIMIT' });
  });

  it('ends the thread of a call that no worker takes, whichever process looks', async () => {
    const pace = { takenWithin: 200, sendAgain: 50, endWithin: 1_000 };
    const app = apiWith({ calls: 100, perMinute: 100 }, pace);
    apiWith({ calls: 100, perMinute: 100 }, pace);
    const headers = { 'api-key': key, 'content-type': 'application/json' };
    const response = await app.request('/calls', { method: 'POST', headers, body: JSON.stringify(CALL) });
    const { id } = (await response.json()) as { id: string };
    let thread = await threadOf(id);
    while (thread.status === 'active') thread = await threadOf(id);
    expect(thread.end_reason).toEqual({ result: 'failed', reason: 'E_NO_WORKER' });
    const entries = await redis.run((client) => client.xLen(`attendant:{default}:entries:${id}`));
    expect(entries).toBe(2);
  });
});

describe('attendant call', () => {
  it('says what is wrong with what it was given', async () => {
    const config = { apiKeys: [{ organization: 'default', key }], ports: { api: 9 } } as never;
    const call = (options: object) =>
      callCommand(
        config,
        { to: '+15550123', options: { agent: 'reminder', organization: 'default', ...options } },
        () => undefined,
        stop.signal,
      );
    await expect(call({ var: ['name'] })).rejects.toThrow('--var name: write it as name=value');
    await expect(call({ organization: 'acme' })).rejects.toThrow('no key of the organization acme');
    await expect(call({})).rejects.toMatchObject({ code: 'E_API_UNREACHABLE' });
  });
});
