import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Uid } from '../../base/ids.ts';
import { systemClock } from '../../base/clock.ts';
import { openLiveEvents } from '../follow.ts';
import { analysesKey, entriesKey, erasedKey, prefixOf, seenKey } from '../keys.ts';
import type { ThreadFilter } from '../list.ts';
import { ORGANIZATION, someStart } from '../thread.fixture.ts';
import { append, archiveParts, ended, said } from './archive.fixture.ts';
import { rebuildArchive } from './rebuild.ts';

const parts = await archiveParts();
const { redis, threads, archive, folder, server, write, keep, log } = parts;
afterAll(parts.close);

beforeEach(async () => {
  const client = await server.client();
  await client.flushAll();
  client.destroy();
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
});

const files = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [entry.name] : [],
  );
const filesOf = (id: string) => files().filter((name) => name.startsWith(id));

/** All pages of a list. */
async function list(filter: ThreadFilter = {}, limit = 3) {
  const found = [];
  for (let cursor: string | undefined; ;) {
    const page = await threads.list(ORGANIZATION, filter, { limit, cursor });
    found.push(...page.threads);
    if (page.next === null) return found;
    cursor = page.next;
  }
}

/** Bytes of the organization's keys in Redis, but for the stream of its newest events. */
async function memory(): Promise<number> {
  const client = await server.client();
  let sum = 0;
  for (const key of await client.keys(`${prefixOf(ORGANIZATION)}*`)) {
    if (!key.endsWith(':events')) sum += (await client.memoryUsage(key, { SAMPLES: 0 })) ?? 0;
  }
  client.destroy();
  return sum;
}

it('a thread that moved reads as before: by id and UID, in lists, by filters, search and cursors', async () => {
  const outcome = {
    kind: 'outcome',
    outcome: { reason: 'resolved', customer: 'Löwe' },
    at: '2026-01-01T00:00:50.000Z',
  } as const;
  for (let i = 0; i < 10; i++)
    await write(i < 7 ? 40 + i : i, [said(`line ${i}`), outcome, ended], { uid: `uid-${i}` as Uid });
  const filters: ThreadFilter[] = [
    {},
    { status: 'ended' },
    { outcome: [['reason', 'resolved']], agent: 'sip-call-center' },
    { caller: '+15550123', from: Date.now() - 44.5 * 86_400_000 },
    { text: 'löwe' },
    { uid: 'uid-3' as Uid },
  ];
  const look = async () => ({
    lists: await Promise.all(filters.map((filter) => list(filter))),
    threads: await Promise.all(Array.from({ length: 10 }, (_, i) => threads.read(ORGANIZATION, `uid-${i}`))),
  });
  const before = await look();
  expect(before.lists.map(({ length }) => length)).toEqual([10, 10, 10, 8, 10, 1]);
  expect(await keep({ daysInRedis: 30 })).toBeUndefined();
  expect(files()).toHaveLength(7);
  expect(await look()).toEqual(before);
  expect(await threads.read(ORGANIZATION, before.threads[0]?.id ?? '')).toEqual(before.threads[0]);
  const client = await server.client();
  expect(await client.keys('*:entries:*')).toHaveLength(3);
  expect(await client.keys('*:thread:*')).toHaveLength(3);
  client.destroy();
});

it('Redis has less to hold: of a call of 100 entries a tenth or less stays', async () => {
  const line = 'The parcel left our warehouse yesterday and should arrive within two days. ';
  const entries = Array.from({ length: 97 }, () => said(line));
  for (let i = 0; i < 40; i++)
    await write(40, [
      ...entries,
      { kind: 'outcome', outcome: { customer: i }, at: '2026-01-01T00:00:50.000Z' },
      ended,
    ]);
  const before = await memory();
  await keep({ daysInRedis: 30 });
  const after = await memory();
  expect(files().length).toBeGreaterThanOrEqual(40);
  expect(after).toBeLessThan(before / 10);
  if (env['MEASURED'])
    process.stdout.write(`bytes of a thread in Redis: ${before / 40} before, ${after / 40} after\n`);
});

it('a live call, a young one, one with a hole, one to be analyzed and one that a webhook is to be told of stay in Redis', async () => {
  await write(40, [said('live')], { uid: 'live' as Uid });
  await write(20, [ended], { uid: 'young' as Uid });
  const holed = someStart({
    started_at: new Date(Date.now() - 40 * 86_400_000).toISOString(),
    uid: 'holed' as Uid,
  });
  await append(redis, holed, 1, 1, [{ kind: 'started', start: holed }]);
  await append(redis, holed, 1, 3, [ended]);
  const asked = await write(40, [ended], { uid: 'asked' as Uid });
  const client = await server.client();
  await client.zAdd(analysesKey(ORGANIZATION), { score: 0, value: asked.id });
  await threads.webhooks.add(ORGANIZATION, { url: 'https://crm.example/', events: ['call.ended'] });
  const told = await write(40, [ended], { uid: 'told' as Uid });
  await keep({ daysInRedis: 30 });
  expect(await client.keys('*:entries:*')).toHaveLength(5);
  expect(await client.keys('*:archived')).toEqual([]);
  // What is missing comes, and the webhook is told.
  await append(redis, holed, 1, 2, [said('late')]);
  const claim = await threads.outbox.claim(ORGANIZATION, { lease: 1_000, passOver: [] });
  if (!claim) throw new Error('nothing to tell');
  await threads.outbox.settle(claim, { how: 'sent' }, undefined);
  await keep({ daysInRedis: 30 });
  expect(await client.hKeys(`${prefixOf(ORGANIZATION)}archived`)).toHaveLength(2);
  client.destroy();
  // A message can be sent again from the archive.
  expect(await threads.outbox.replay(ORGANIZATION, claim.webhook, claim.message.id)).toBe(true);
  const again = await threads.outbox.claim(ORGANIZATION, { lease: 1_000, passOver: [] });
  expect(again && (await threads.outbox.body(again))?.thread.id).toBe(told.id);
});

it('what comes late to a thread in the archive is read at once, listed after the next look, told once', async () => {
  const start = await write(40, [said('one'), ended]);
  await keep({ daysInRedis: 30 });
  // A journal that sends all of it again brings only what is new.
  const outcome = { kind: 'outcome', outcome: { reason: 'late' }, at: '2026-01-01T00:02:00.000Z' } as const;
  await append(redis, start, 1, 1, [{ kind: 'started', start }, said('one'), ended, outcome]);
  const client = await server.client();
  expect(await client.xLen(entriesKey(ORGANIZATION, start.id))).toBe(1);
  expect((await threads.read(ORGANIZATION, start.id))?.outcome).toEqual({ reason: 'late' });
  expect(await list()).toHaveLength(1);
  await keep({ daysInRedis: 30 });
  expect(await client.xLen(entriesKey(ORGANIZATION, start.id))).toBe(0);
  expect((await threads.read(ORGANIZATION, start.id))?.history).toHaveLength(1);
  expect(await list({ outcome: [['reason', 'late']] })).toHaveLength(1);
  await keep({ daysInRedis: 30 });
  expect(filesOf(start.id)).toHaveLength(1);
  expect(await client.bitCount(seenKey(ORGANIZATION, start.id, 1))).toBe(4);
  client.destroy();
});

it('the events of a call are told from the archive as they were told from Redis', async () => {
  const start = await write(40, [said('one'), said('two'), ended]);
  const signal = AbortSignal.timeout(10_000);
  const events = openLiveEvents({ redis, redisUrl: server.url, archive, clock: systemClock, log, signal });
  const told = async (after?: string) => {
    const found = [];
    for await (const event of events.follow(ORGANIZATION, { thread: start, after }, signal))
      found.push(event);
    return found;
  };
  const before = await told();
  const last = await events.lastOf(ORGANIZATION, start.id);
  await keep({ daysInRedis: 30 });
  expect(await told()).toEqual(before);
  expect(await events.lastOf(ORGANIZATION, start.id)).toBe(last);
  const second = before[1];
  expect(await told(second && 'id' in second ? second.id : '')).toEqual(before.slice(2));
  await events.close();
});

describe('erasing', () => {
  const held = async () => {
    const client = await server.client();
    const keys = await client.keys('*');
    client.destroy();
    return keys;
  };

  it('takes a thread, and all of a caller, out of the archive too, and leaves others', async () => {
    const caller = { ...someStart().caller, number: '+1777' };
    const kept = await write(40);
    const one = await write(40, [said('secret'), ended], { uid: 'gone-uid' as Uid });
    const two = [await write(41, [ended], { caller }), await write(2, [ended], { caller })];
    await keep({ daysInRedis: 30 });
    await append(redis, one, 1, 4, [said('late')]);
    expect((await threads.erase(ORGANIZATION, one.id)).erased).toEqual([one.id]);
    expect(new Set((await threads.eraseCaller(ORGANIZATION, '+1777')).erased)).toEqual(
      new Set(two.map(({ id }) => id)),
    );
    for (const { id } of [one, ...two]) {
      expect(await threads.read(ORGANIZATION, id)).toBeUndefined();
      // What is left says that it was erased, and nothing else.
      expect(filesOf(id)).toEqual([id]);
      expect((await held()).filter((key) => key.includes(id))).toEqual([]);
    }
    expect((await held()).join(' ')).not.toMatch(/gone-uid|1777/);
    expect((await list()).map(({ id }) => id)).toEqual([kept.id]);
    const client = await server.client();
    const events = await client.xRange(`${prefixOf(ORGANIZATION)}events`, '-', '+');
    expect(new Set(events?.map(({ message }) => message['thread']))).toEqual(new Set([kept.id]));
    client.destroy();
    expect((await threads.erase(ORGANIZATION, one.id)).erased).toEqual([]);
  });

  it('is not undone by a late journal, by a Redis that was emptied, or by what the archive holds', async () => {
    const start = await write(40);
    const kept = await write(40);
    await keep({ daysInRedis: 30 });
    const [version = ''] = await archive.versions(ORGANIZATION, start.id);
    const entries = (await archive.read(ORGANIZATION, start.id, version)) ?? [];
    const thread = await threads.read(ORGANIZATION, start.id);
    await threads.erase(ORGANIZATION, start.id);
    // Somebody who was writing it, and died.
    if (thread) await archive.put(thread, entries, version);
    const client = await server.client();
    await client.flushAll();
    await append(redis, start, 1, 1, [{ kind: 'started', start }, ended]);
    await keep({ daysInRedis: 30 });
    await append(redis, start, 1, 1, [{ kind: 'started', start }, ended]);
    expect(await threads.read(ORGANIZATION, start.id)).toBeUndefined();
    expect((await list()).map(({ id }) => id)).toEqual([kept.id]);
    expect(filesOf(start.id)).toEqual([start.id]);
    expect(await client.zScore(erasedKey(ORGANIZATION), start.id)).not.toBeNull();
    client.destroy();
  });

  it('is finished later where the archive is away', async () => {
    const start = await write(40);
    await keep({ daysInRedis: 30 });
    const away = vi.spyOn(archive, 'versions').mockRejectedValue(new Error('the archive is away'));
    await expect(threads.erase(ORGANIZATION, start.id)).rejects.toThrow('away');
    expect(await threads.read(ORGANIZATION, start.id)).toBeUndefined();
    expect(filesOf(start.id)).toHaveLength(2);
    away.mockRestore();
    expect(await keep({})).toBeUndefined();
    expect(filesOf(start.id)).toEqual([start.id]);
  });

  it('by age takes all but live calls, from Redis and archive, and lets nothing that old come back', async () => {
    const live = await write(400, [said('live')]);
    const old = await write(400);
    const moved = await write(300);
    const young = await write(3);
    await keep({ daysInRedis: 30 });
    await keep({ daysInRedis: 30, days: 250 });
    expect((await list()).map(({ id }) => id)).toEqual([young.id, live.id]);
    expect(filesOf(old.id)).toEqual([]);
    expect(filesOf(moved.id)).toEqual([]);
    const client = await server.client();
    await append(redis, old, 1, 1, [{ kind: 'started', start: old }, ended]);
    expect(await threads.read(ORGANIZATION, old.id)).toBeUndefined();
    // Nor are marks kept of what is refused by its age.
    await threads.erase(ORGANIZATION, young.id);
    await client.zAdd(erasedKey(ORGANIZATION), { score: Date.now() - 260 * 86_400_000, value: moved.id });
    await keep({ daysInRedis: 30, days: 250 });
    expect(await client.zRange(erasedKey(ORGANIZATION), 0, -1)).toEqual(expect.arrayContaining([young.id]));
    expect(await client.zScore(erasedKey(ORGANIZATION), moved.id)).toBeNull();
    client.destroy();
  });
});

it('an emptied Redis learns again what the archive holds, once, and finds all of it', async () => {
  for (let i = 0; i < 5; i++) await write(40 + i, [said(`line ${i}`), ended], { uid: `uid-${i}` as Uid });
  await keep({ daysInRedis: 30 });
  const before = { all: await list(), third: await threads.read(ORGANIZATION, 'uid-3') };
  expect(before.all).toHaveLength(5);
  const client = await server.client();
  await client.flushAll();
  client.destroy();
  expect(await list()).toEqual([]);
  const rebuilding = { redis, archive, clock: systemClock, log };
  const signal = AbortSignal.timeout(10_000);
  expect((await rebuildArchive(rebuilding, ORGANIZATION, signal)).threads).toBeGreaterThanOrEqual(5);
  expect((await rebuildArchive(rebuilding, ORGANIZATION, signal)).threads).toBe(0);
  const after = await list({ text: 'uid-' });
  expect(after).toEqual(before.all);
  expect(await threads.read(ORGANIZATION, 'uid-3')).toEqual(before.third);
});
