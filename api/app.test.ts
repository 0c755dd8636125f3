import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import type { Organization, Uid } from '../base/ids.ts';
import { createLog } from '../base/log.ts';
import { AllowedNetworks } from '../base/networks.ts';
import { RedisServer } from '../threads/redis-server.fixture.ts';
import { openLiveEvents } from '../threads/follow.ts';
import { connectRedis, type Redis } from '../threads/redis.ts';
import { openThreads, type Threads } from '../threads/store.ts';
import { someStart } from '../threads/thread.fixture.ts';
import { noRooms } from './app.fixture.ts';
import { createApp } from './app.ts';
import { hashFirstKeys } from './keys/first-keys.ts';
import { openKeys } from './keys/store.ts';
import { Rate } from './rate.ts';
import { watchReadiness, type Checks } from './readiness.ts';

const log = createLog('test', 'silent');
const first = hashFirstKeys([
  { organization: 'default', key: 'dev-key' },
  { organization: 'acme', key: 'other-key' },
]);
const stop = new AbortController();

let server: RedisServer;
let redis: Redis;
let threads: Threads;

beforeAll(async () => {
  server = await RedisServer.start();
  redis = connectRedis({ url: server.url, clock: systemClock, log, signal: stop.signal });
  threads = openThreads({ redisUrl: server.url, clock: systemClock, log, signal: stop.signal });
});
afterAll(async () => {
  await Promise.all([threads.close(), redis.close()]);
  await server.remove();
});

const gate = () => ({
  keys: openKeys({ redis, clock: systemClock, first }),
  rate: new Rate(1_000, systemClock),
  redis,
  networks: new AllowedNetworks(),
  clock: systemClock,
  events: openLiveEvents({ redis, redisUrl: server.url, clock: systemClock, log, signal: stop.signal }),
  agents: {
    definitions: { get: () => expect.unreachable(), names: () => [] },
    sipPort: 5060,
    problems: () => [],
  },
  outbound: { place: () => expect.unreachable() },
  ...noRooms(),
  lists: { definitions: { get: () => expect.unreachable(), names: () => [] }, kept: () => 0 },
  numbers: { pool: () => [], onChange: () => undefined },
});
function app(checks: Checks = {}) {
  const readiness = watchReadiness(checks, { clock: systemClock, log, signal: stop.signal });
  return createApp({ threads, ...gate(), readiness, log });
}
const get = async (path: string, key?: string) =>
  app().request(path, { headers: key ? { 'api-key': key } : {} });

async function write(uid: string, organization = 'default'): Promise<string> {
  const start = someStart({ uid: uid as Uid, organization: organization as Organization });
  await threads.write(start, 1).flushed(AbortSignal.timeout(10_000));
  return start.id;
}

async function expectProblem(response: Response, status: number, code: string) {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem: unknown = await response.json();
  expect(problem).toMatchObject({ type: `/errors#${code.toLowerCase()}`, status, code });
  expect(Object.keys(problem as object).sort()).toEqual([
    'code',
    'detail',
    'mend',
    'status',
    'title',
    'type',
  ]);
}

describe('GET /threads', () => {
  it('answers 401 without a key of ours, and says how to send one', async () => {
    for (const key of [undefined, 'wrong', '']) {
      const response = await get('/threads/abc123', key);
      expect(response.headers.get('www-authenticate')).toBeTruthy();
      await expectProblem(response, 401, 'E_UNAUTHORIZED');
    }
    await expectProblem(await get('/threads?uid=abc123'), 401, 'E_UNAUTHORIZED');
  });

  it('gives a thread by id and by UID', async () => {
    const id = await write('by-both');
    for (const key of [id, 'by-both']) {
      const response = await get(`/threads/${key}`, 'dev-key');
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(await response.json()).toMatchObject({ id, uid: 'by-both', status: 'active', history: [] });
    }
  });

  it('takes a UID of any printable characters', async () => {
    const uid = 'a/b?c#d%2Fe+f&g{h}';
    const id = await write(uid);
    expect(await (await get(`/threads/${encodeURIComponent(uid)}`, 'dev-key')).json()).toMatchObject({
      id,
      uid,
    });
    const { threads: all } = (await (
      await get(`/threads?uid=${encodeURIComponent(uid)}`, 'dev-key')
    ).json()) as {
      threads: { id: string }[];
    };
    expect(all.map((t) => t.id)).toEqual([id]);
  });

  it('answers 404 for what is not there and for what is another organization’s', async () => {
    await write('of-acme', 'acme');
    await expectProblem(await get('/threads/of-acme', 'dev-key'), 404, 'E_THREAD_NOT_FOUND');
    await expectProblem(await get('/threads/%00%ff', 'dev-key'), 404, 'E_THREAD_NOT_FOUND');
    expect((await get('/threads/of-acme', 'other-key')).status).toBe(200);
    await expectProblem(await get('/nothing/here', 'dev-key'), 404, 'E_NOT_FOUND');
  });

  it('gives all threads of a UID, a page at a time, and says what is wrong with a query', async () => {
    await write('twice');
    await write('twice');
    const first = (await (await get('/threads?uid=twice&limit=1', 'dev-key')).json()) as {
      threads: { id: string }[];
      next: string;
    };
    expect(first.threads).toHaveLength(1);
    const rest = await get(`/threads?uid=twice&cursor=${first.next}`, 'dev-key');
    const second = (await rest.json()) as typeof first;
    expect(second).toMatchObject({ threads: [{ uid: 'twice' }], next: null });
    expect(second.threads[0]?.id).not.toBe(first.threads[0]?.id);
    for (const bad of [
      '?uid=',
      '?uid=a%20b',
      '?uid=a&limit=0',
      '?limit=51',
      '?cursor=b',
      '?from=today',
      '?x=1',
    ]) {
      await expectProblem(await get(`/threads${bad}`, 'dev-key'), 400, 'E_BAD_REQUEST');
    }
  });

  it('answers 413 to a body beyond the limit', async () => {
    const body = 'x'.repeat(100_000);
    const headers = { 'api-key': 'dev-key', 'content-type': 'application/json' };
    const ask = (path: string, more: object) =>
      app().request(path, { method: 'POST', body, headers: { ...headers, ...more } });
    await expectProblem(await ask('/keys', {}), 413, 'E_TOO_LARGE');
    // Where it says so itself nothing else is looked at.
    const length = { 'api-key': '', 'content-length': String(body.length) };
    await expectProblem(await ask('/nowhere', length), 413, 'E_TOO_LARGE');
  });

  it('answers 503 while Redis is away and serves again after', { timeout: 30_000 }, async () => {
    const id = await write('survivor');
    await server.kill();
    await expect.poll(() => threads.ready, { timeout: 10_000 }).toBe(false);
    await expectProblem(await get(`/threads/${id}`, 'dev-key'), 503, 'E_REDIS_UNREACHABLE');
    await server.start();
    await expect
      .poll(async () => (await get(`/threads/${id}`, 'dev-key')).status, { timeout: 10_000 })
      .toBe(200);
  });

  it('tells nothing of what broke inside', async () => {
    const broken = { ...threads, read: () => Promise.reject(new Error('secret at 10.0.0.1')) };
    const readiness = () => Promise.resolve({ ready: true, checks: {} });
    const response = await createApp({ threads: broken, ...gate(), readiness, log }).request('/threads/x', {
      headers: { 'api-key': 'dev-key' },
    });
    expect(await response.clone().text()).not.toContain('secret');
    await expectProblem(response, 500, 'E_INTERNAL');
  });
});

describe('health', () => {
  it('is alive without a key, whatever is away', async () => {
    const response = await get('/healthz');
    expect(response.status).toBe(200);
  });

  it('is ready when every check holds, and names the one that does not', async () => {
    const good = await app({ redis: () => threads.ping() }).request('/readyz');
    expect(good.status).toBe(200);
    expect(await good.json()).toEqual({ status: 'ready', checks: { redis: { ok: true } } });

    const failing = () => Promise.reject(new AttendantError('E_NO_WORKER', 'none at 10.0.0.1'));
    const bad = await app({ redis: () => threads.ping(), worker: failing }).request('/readyz');
    expect(bad.status).toBe(503);
    const text = await bad.text();
    expect(JSON.parse(text)).toMatchObject({
      status: 'not ready',
      checks: { redis: { ok: true }, worker: { ok: false, code: 'E_NO_WORKER' } },
    });
    expect(text).not.toContain('10.0.0.1');
  });

  it('does not wait for a check that hangs', { timeout: 10_000 }, async () => {
    const response = await app({ livekit: () => new Promise(() => undefined) }).request('/readyz');
    expect(await response.json()).toMatchObject({ checks: { livekit: { ok: false, code: 'E_TIMEOUT' } } });
  });

  it('shows what every code means', async () => {
    expect(await (await get('/errors')).text()).toContain('### E_THREAD_NOT_FOUND');
  });
});
