import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { FakeClock } from '../base/fake-clock.ts';
import type { Organization } from '../base/ids.ts';
import { serve } from '../base/serve.ts';
import type { Entry } from '../threads/entry.ts';
import { createApp } from './app.ts';
import { apiParts } from './app.fixture.ts';

const api = await apiParts();
const { server, keys, write, ask } = api;
afterAll(api.close);

const at = '2026-01-01T00:00:00.000Z';
const said = (content: string): Entry => ({
  kind: 'message',
  message: { role: 'user', content, created_at: at },
});
const end: Extract<Entry, { kind: 'ended' }> = {
  kind: 'ended',
  end_reason: { result: 'completed', reason: 'x' },
  at,
};

const stop = new AbortController();
const port = new Promise<number>((resolve) => {
  const serving = serve((request) => api.app.fetch(request), {
    ...{ name: 'the API', host: '127.0.0.1', port: 0, keepAlive: 5_000, grace: 1_000, connections: 1_000 },
    clock: systemClock,
    signal: stop.signal,
    onListening: resolve,
  });
  afterAll(async () => {
    stop.abort(new Error('test over'));
    await serving;
  });
});

interface Got {
  readonly id: string;
  readonly event: string;
  readonly data: { thread: string; uid: string; n: number; entry: Entry; after?: string };
}

const closes: (() => void)[] = [];
afterEach(() => {
  for (const close of closes.splice(0)) close();
});

/** Follows over HTTP, as a client would. */
async function follow(path: string, { key = 'dev-key', after = '' } = {}) {
  const gone = new AbortController();
  closes.push(() => gone.abort());
  const response = await fetch(`http://127.0.0.1:${await port}${path}`, {
    headers: { 'api-key': key, ...(after && { 'last-event-id': after }) },
    signal: gone.signal,
  });
  const got: Got[] = [];
  const ended = (async () => {
    let text = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      for (let cut = text.indexOf('\n\n'); cut >= 0; cut = text.indexOf('\n\n')) {
        const lines = text.slice(0, cut).split('\n');
        text = text.slice(cut + 2);
        const field = (name: string) =>
          lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
        if (field('data'))
          got.push({
            id: field('id'),
            event: field('event'),
            data: JSON.parse(field('data')) as Got['data'],
          });
      }
    }
  })();
  ended.catch(() => undefined);
  const until = (count: number) =>
    expect.poll(() => got.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(count);
  return { response, got, ended, until, close: () => gone.abort() };
}
const kinds = (got: readonly Got[]) => got.map(({ event }) => event);

describe('one call', () => {
  it('is told from its first entry, live, and ends with the call; who comes back then is told not to', async () => {
    const { id, writer } = await write('followed');
    writer.append(said('before'));
    const stream = await follow('/threads/followed/events');
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    await stream.until(2);
    writer.append(said('live'));
    await stream.until(3);
    writer.append({ kind: 'outcome', outcome: { note: 'line\nend' }, at });
    writer.append(end);
    await stream.ended;
    expect(kinds(stream.got)).toEqual(['started', 'message', 'message', 'outcome', 'ended']);
    expect(stream.got.map(({ data }) => [data.thread, data.uid, data.n])).toEqual(
      [1, 2, 3, 4, 5].map((n) => [id, 'followed', n]),
    );
    expect(stream.got[2]?.data.entry).toEqual(said('live'));
    const again = await follow(`/threads/${id}/events`);
    await again.ended;
    expect(again.got).toEqual(stream.got);
    const last = again.got.at(-1)?.id ?? '';
    expect((await follow(`/threads/${id}/events`, { after: last })).response.status).toBe(204);
  });

  it('is gone on with where it was left, nothing twice and nothing lost', async () => {
    const { writer } = await write('resumed');
    for (let i = 0; i < 450; i++) writer.append(said(`s${i}`));
    await writer.flushed(AbortSignal.timeout(10_000));
    const first = await follow('/threads/resumed/events');
    await first.until(100);
    first.close();
    const seen = first.got.slice(0, 100);
    writer.append(end);
    const second = await follow('/threads/resumed/events', { after: seen.at(-1)?.id ?? '' });
    await second.ended;
    expect([...seen, ...second.got].map(({ data }) => data.n)).toEqual(
      Array.from({ length: 452 }, (_, i) => i + 1),
    );
  });

  it('that is to be analyzed is told until it was, also to one who comes back in between or later', async () => {
    const { id, writer } = await write('analyzed');
    const live = await follow('/threads/analyzed/events');
    writer.append({ ...end, analysis: { model: 'chat', timeout: 30 } });
    await live.until(2);
    const ended = live.got.at(-1)?.id ?? '';
    const between = await follow('/threads/analyzed/events', { after: ended });
    expect(between.response.status).toBe(200);
    const claim = await api.threads.analyses.claim('default' as Organization, 60_000);
    expect(claim?.thread).toBe(id);
    const analysis = { status: 'failed', code: 'E_TIMEOUT', at } as const;
    if (claim) await api.threads.analyses.settle(claim, { kind: 'analysis', analysis, at });
    await Promise.all([live.ended, between.ended]);
    expect(kinds(live.got)).toEqual(['started', 'ended', 'analysis']);
    expect(kinds(between.got)).toEqual(['analysis']);
    const later = await follow('/threads/analyzed/events', { after: ended });
    await later.ended;
    expect(later.got).toEqual(between.got);
    const last = later.got.at(-1)?.id ?? '';
    expect((await follow('/threads/analyzed/events', { after: last })).response.status).toBe(204);
  });

  it('is not another organization’s', async () => {
    const { id } = await write('not-yours');
    expect((await ask('GET', `/threads/${id}/events`, { key: 'other-key' })).status).toBe(404);
  });
});

describe('an organization', () => {
  it('is told what happens in all its calls, in none of another’s, to each that follows', async () => {
    const streams = [await follow('/events'), await follow('/events'), await follow('/events?uid=wanted')];
    const theirs = await follow('/events', { key: 'other-key' });
    await write('wanted');
    await write('other', 'acme');
    await theirs.until(1);
    const { id, writer } = await write('not-wanted');
    writer.append(said('x'));
    const last = await write('wanted');
    for (const stream of streams)
      await expect
        .poll(() => stream.got.some(({ data }) => data.thread === last.id), { timeout: 15_000 })
        .toBe(true);
    // Who comes now hears nothing of what was.
    const late = await follow('/events');
    const [first, second, byUid] = streams.map(({ got }) => got);
    expect(first?.some(({ data }) => data.thread === id)).toBe(true);
    expect(second?.map(({ id: event }) => event)).toEqual(
      expect.arrayContaining(first?.slice(-3).map((e) => e.id) ?? []),
    );
    expect(new Set(byUid?.map(({ data }) => data.uid))).toEqual(new Set(['wanted']));
    expect(new Set(theirs.got.map(({ data }) => data.uid))).toEqual(new Set(['other']));
    await write('later');
    await late.until(1);
    expect(new Set(late.got.map(({ data }) => data.uid))).toEqual(new Set(['later']));
    // One blocking reader for each organization, however many follow.
    const client = await server.client();
    const blocked = /blocked_clients:(\d+)/.exec(await client.info('clients'))?.[1];
    client.destroy();
    expect(Number(blocked)).toBeLessThanOrEqual(2);
  });

  it(
    'is gone on with after Redis went away, and says where something is missing',
    { timeout: 60_000 },
    async () => {
      const before = await follow('/events', { after: '0' });
      await before.until(1);
      const from = before.got[0]?.id ?? '';
      const live = await follow('/events', { after: from });
      const { id: marker } = await write('before-redis');
      await expect
        .poll(() => live.got.some(({ data }) => data.thread === marker), { timeout: 15_000 })
        .toBe(true);
      await server.kill();
      await server.start();
      await expect.poll(() => api.threads.ready, { timeout: 15_000 }).toBe(true);
      const { id } = await write('after-redis');
      const resumed = await follow('/events', { after: from });
      await expect
        .poll(() => resumed.got.some(({ data }) => data.thread === id), { timeout: 15_000 })
        .toBe(true);
      expect(kinds(resumed.got)).not.toContain('gap');
      // One that stayed hears of it too.
      await expect
        .poll(() => live.got.some(({ data }) => data.thread === id), { timeout: 15_000 })
        .toBe(true);
      const missing = await follow('/events', { after: '1-1' });
      await missing.until(1);
      expect(missing.got[0]).toMatchObject({ event: 'gap', data: { after: '1-1' } });
    },
  );

  it('one that reads slowly gets all of it, and nothing piles up for it', { timeout: 60_000 }, async () => {
    const { id, writer } = await write('slow-start');
    await writer.flushed(AbortSignal.timeout(10_000));
    const gone = new AbortController();
    const events = api.events.follow('default' as Organization, { uid: undefined }, gone.signal);
    const first = events.next();
    await expectFirst(first, writer);
    for (let i = 0; i < 1_500; i++) writer.append(said(`slow ${i}`));
    await writer.flushed(AbortSignal.timeout(30_000));
    const seen: string[] = [];
    for await (const event of events) {
      if (!('id' in event) || event.thread !== id) continue;
      const entry = JSON.parse(event.entry) as Entry;
      if (entry.kind !== 'message') continue;
      seen.push(entry.message.content);
      if (entry.message.content === 'slow 1499') break;
    }
    gone.abort();
    const slow = seen.filter((content) => content.startsWith('slow '));
    expect(slow).toEqual(Array.from({ length: 1_500 }, (_, i) => `slow ${i}`));
  });
});

/** Says something until the follower has heard it. */
async function expectFirst(first: Promise<unknown>, writer: { append(entry: Entry): void }): Promise<void> {
  let heard = false;
  void first.then(() => (heard = true));
  await expect
    .poll(
      () => {
        if (!heard) writer.append(said('hello'));
        return heard;
      },
      { timeout: 15_000 },
    )
    .toBe(true);
}

describe('a stream', () => {
  it('has a heartbeat, and ends at it where its key was revoked', async () => {
    const clock = new FakeClock();
    const app = createApp({ ...api, clock });
    const made = await keys.create('default' as Organization, { name: 'brief', scope: 'read' });
    const response = await app.request('/events', { headers: { 'api-key': made.key } });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe('retry: 2000\n\n');
    const beat = async () => {
      let came = false;
      const read = reader?.read().finally(() => (came = true));
      await expect
        .poll(
          async () => {
            await clock.advance(15_000);
            return came;
          },
          { timeout: 10_000 },
        )
        .toBe(true);
      return read;
    };
    expect((await beat())?.value).toBe(':\n\n');
    await keys.revoke('default' as Organization, made.id);
    let last = await beat();
    // Heartbeats made ahead of the reader come first.
    for (let i = 0; i < 500 && !last?.done; i++) last = await beat();
    expect(last?.done).toBe(true);
  });

  it('of which there are too many is refused, until one ends', async () => {
    const bodies: (ReadableStream | null)[] = [];
    for (let i = 0; i < 100; i++) bodies.push((await ask('GET', '/events', { key: 'other-key' })).body);
    const refused = await ask('GET', '/events', { key: 'other-key' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5']);
    await bodies.pop()?.cancel();
    const taken = await ask('GET', '/events', { key: 'other-key' });
    expect(taken.status).toBe(200);
    bodies.push(taken.body);
    for (const body of bodies) await body?.cancel();
  });

  it('is not opened for HEAD, and not from an id that is none', async () => {
    const { id } = await write('head');
    for (let i = 0; i < 150; i++)
      expect((await ask('HEAD', `/threads/${id}/events`, { key: 'dev-key' })).status).toBe(200);
    const bad = await ask('GET', '/events', { key: 'dev-key', headers: { 'last-event-id': 'x' } });
    expect(bad.status).toBe(400);
  });

  it('is let go of when its client hangs up', { timeout: 60_000 }, async () => {
    await write('hung-up');
    for (let round = 0; round < 3; round++) {
      const streams = await Promise.all(Array.from({ length: 40 }, () => follow('/threads/hung-up/events')));
      expect(new Set(streams.map(({ response }) => response.status))).toEqual(new Set([200]));
      for (const stream of streams) stream.close();
      // That they went takes a moment to be seen; 100 may be open.
      await expect.poll(free, { timeout: 10_000 }).toBe(true);
    }
  });
});

/** Whether ninety more streams may be opened. */
async function free(): Promise<boolean> {
  const bodies: (ReadableStream | null)[] = [];
  let isFree = true;
  for (let i = 0; i < 90 && isFree; i++) {
    const response = await ask('GET', '/events', { key: 'dev-key' });
    isFree = response.status === 200;
    bodies.push(response.body);
  }
  for (const body of bodies) await body?.cancel();
  return isFree;
}
