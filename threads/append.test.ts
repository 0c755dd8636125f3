import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { createLog } from '../base/log.ts';
import { appendEntries } from './append.ts';
import type { Entry, NumberedEntry, ThreadStart } from './entry.ts';
import { foldThread, inOrder } from './fold.ts';
import { hashFields, parseHash, withoutHistory } from './hash.ts';
import { entriesKey, eventsKey, indexKey, termKey, threadKey, threadsKey, uidKey } from './keys.ts';
import { readEntries, readThread } from './read.ts';
import { connectRedis, type Redis } from './redis.ts';
import { RedisServer } from './redis-server.fixture.ts';
import { Items, sendBatch } from './send.ts';
import { ORGANIZATION, someStart } from './thread.fixture.ts';
import { termsOf } from './thread-index.ts';

const log = createLog('test', 'silent');
const at = '2026-01-01T00:00:00.000Z';

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  // A cluster of one node: it refuses a script whose keys are not all in one slot.
  server = await RedisServer.start({ cluster: true });
  redis = await connect(server);
});
afterAll(async () => {
  await redis.close();
  await server.remove();
});

async function connect({ url }: RedisServer): Promise<Redis> {
  const connection = connectRedis({ url, clock: systemClock, log, signal: new AbortController().signal });
  await new Promise<void>((resolve) => connection.onReady(resolve));
  return connection;
}

const said = (content: string): Entry => ({
  kind: 'message',
  message: { role: 'user', content, created_at: at },
});
const pressed = (digits: string): Entry => ({
  kind: 'digits',
  collection: { digits, terminator: '#', ended_by: 'terminator' },
  at,
});

/** The entries as items of one epoch, numbered from 1. */
function items(entries: readonly Entry[], epoch = 1) {
  const made = new Items();
  return entries.map((entry, i) => made.next({ epoch, n: i + 1, entry }));
}

async function numbersOf({ id }: ThreadStart): Promise<number[]> {
  return (await readEntries(redis, ORGANIZATION, id)).entries.map(({ n }) => n);
}

describe('appending entries', () => {
  it('appends each once, however often it is sent', async () => {
    const start = someStart();
    const sent = items([{ kind: 'started', start }, said('a'), said('b')]);
    for (let i = 0; i < 3; i++) {
      expect(await appendEntries(redis, start, 1, sent)).toEqual({ seen: 3, mixed: false });
    }
    expect(await numbersOf(start)).toEqual([1, 2, 3]);
    const index = await redis.run((client) => client.zRange(uidKey(ORGANIZATION, start.uid), 0, -1));
    expect(index).toEqual([start.id]);
    expect(await redis.run((client) => client.zScore(threadsKey(ORGANIZATION), start.id))).toBe(
      Date.parse(start.started_at),
    );
  });

  it('takes entries late and out of order, and reads them in order', async () => {
    const start = someStart();
    const sent = items([{ kind: 'started', start }, said('a'), pressed('12'), said('b'), pressed('34')]);
    for (const n of [5, 2, 4, 1, 3])
      await appendEntries(
        redis,
        start,
        1,
        sent.filter((item) => item.n === n),
      );
    expect(await numbersOf(start)).toEqual([5, 2, 4, 1, 3]);
    const thread = await readThread(redis, ORGANIZATION, start.id);
    expect(thread?.history.map((m) => m.content)).toEqual(['a', 'b']);
    expect(thread?.digits.map((d) => d.digits)).toEqual(['12', '34']);
    const digits = await redis.run((client) => client.hGet(threadKey(ORGANIZATION, start.id), 'digits'));
    expect(JSON.parse(digits ?? '')).toEqual(thread?.digits);
  });

  it('goes on after Redis forgot its scripts', async () => {
    const start = someStart();
    const sent = items([{ kind: 'started', start }, said('a')]);
    await appendEntries(redis, start, 1, sent.slice(0, 1));
    await redis.run((client) => client.scriptFlush());
    await appendEntries(redis, start, 1, sent);
    expect(await numbersOf(start)).toEqual([1, 2]);
  });

  it('puts every entry on the live stream with its thread and UID', async () => {
    const start = someStart();
    await appendEntries(redis, start, 1, items([{ kind: 'started', start }, said('live')]));
    const events =
      (await redis.run((client) => client.xRevRange(eventsKey(ORGANIZATION), '+', '-', { COUNT: 1 }))) ?? [];
    expect(events[0]?.message).toMatchObject({
      thread: start.id,
      uid: start.uid,
      epoch: '1',
      n: '2',
      kind: 'message',
    });
    expect(JSON.parse(events[0]?.message['entry'] ?? '')).toEqual(said('live'));
  });

  it('keeps what callers may say: quotes, lone surrogates, nulls, line ends', async () => {
    const start = someStart();
    const content = 'a "quoted"\u0000\r\n\ud800 ü 漢 \u2028 {}';
    const state = { empty: [], nested: { list: [[]], none: null } };
    await appendEntries(
      redis,
      start,
      1,
      items([{ kind: 'started', start }, said(content), { kind: 'state', state, at }]),
    );
    const thread = await readThread(redis, ORGANIZATION, start.id);
    expect(thread?.history[0]?.content).toBe(content);
    expect(thread?.state).toEqual(state);
    expect(thread?.caller).toEqual(start.caller);
  });

  it('gives an entry one id in both streams, also after the clock of Redis went back', async () => {
    const start = someStart();
    const sent = items([{ kind: 'started', start }, said('a'), said('b'), said('c')]);
    await appendEntries(redis, start, 1, sent.slice(0, 2));
    const tomorrow = `${Date.now() + 86_400_000}-7`;
    const values = { epoch: '9', n: '9', kind: 'none', entry: '{}' };
    await redis.run((client) => client.xAdd(entriesKey(ORGANIZATION, start.id), tomorrow, values));
    await appendEntries(redis, start, 1, sent);
    const idsIn = async (key: string) =>
      ((await redis.run((client) => client.xRange(key, '-', '+'))) ?? [])
        .filter(({ message }) => message['epoch'] === '1')
        .filter(({ message }) => message['thread'] === undefined || message['thread'] === start.id)
        .map(({ id, message }) => [id, message['n']]);
    const ids = await idsIn(entriesKey(ORGANIZATION, start.id));
    expect(ids.map(([, n]) => n)).toEqual(['1', '2', '3', '4']);
    expect(await idsIn(eventsKey(ORGANIZATION))).toEqual(ids);
    // What follows in the organization's stream comes behind it; for the other tests it begins anew.
    await redis.run((client) => client.del(eventsKey(ORGANIZATION)));
  });

  it('says E_REDIS_REFUSED where Redis answers with an error', async () => {
    const start = someStart();
    await redis.run((client) => client.set(entriesKey(ORGANIZATION, start.id), 'no stream'));
    const sending = appendEntries(redis, start, 1, items([{ kind: 'started', start }]));
    await expect(sending).rejects.toMatchObject({ code: 'E_REDIS_REFUSED' });
  });
});

describe('a call that another worker took over', () => {
  it('is one thread, folded by epoch, also when the first worker’s last entries come late', async () => {
    const start = someStart();
    const first = items(
      [{ kind: 'started', start }, { kind: 'answered', at }, said('to the first'), pressed('1')],
      1,
    );
    const second = items(
      [
        { kind: 'started', start },
        said('to the second'),
        pressed('2'),
        { kind: 'ended', end_reason: { result: 'completed', reason: 'end_dialog' }, at },
      ],
      2,
    );
    await sendBatch(redis, start, 1, first.slice(0, 2));
    await sendBatch(redis, start, 2, second);
    await sendBatch(redis, start, 1, first);
    const thread = await readThread(redis, ORGANIZATION, start.id);
    expect(thread?.history.map((m) => m.content)).toEqual(['to the first', 'to the second']);
    expect(thread?.digits.map((d) => d.digits)).toEqual(['1', '2']);
    expect(thread).toMatchObject({ status: 'ended', answered_at: at });
    await expectHash(start, thread);
  });
});

describe('any interleaving', () => {
  for (let seed = 1; seed <= 25; seed++) {
    it(`comes to the same thread (seed ${seed})`, async () => {
      const random = mulberry32(seed);
      const pick = (n: number) => Math.floor(random() * n);
      const start = someStart();
      const numbered: NumberedEntry[] = [];
      const epochs = 1 + pick(2);
      const made = new Map(
        Array.from({ length: epochs }, (_, e) => {
          const entries: Entry[] = [{ kind: 'started', start }];
          for (let i = pick(30); i > 0; i--) entries.push(anyEntry(pick));
          numbered.push(...entries.map((entry, i) => ({ epoch: e + 1, n: i + 1, entry })));
          return [e + 1, items(entries, e + 1)] as const;
        }),
      );
      // Random slices first, in any order and overlapping, as retries and late journals make them; in the end all of it.
      for (let i = 0; i < 20; i++) {
        const epoch = 1 + pick(epochs);
        const all = made.get(epoch) ?? [];
        const from = pick(all.length);
        await sendBatch(redis, start, epoch, all.slice(from, from + 1 + pick(8)));
      }
      for (const [epoch, all] of made) await sendBatch(redis, start, epoch, all);

      const { entries } = await readEntries(redis, ORGANIZATION, start.id);
      expect(inOrder(entries).map(({ epoch, n, entry }) => ({ epoch, n, entry }))).toEqual(inOrder(numbered));
      const thread = await readThread(redis, ORGANIZATION, start.id);
      expect(thread).toEqual(foldThread(numbered));
      await expectHash(start, thread);
    });
  }
});

/** The hash in Redis is the thread without its history. */
async function expectHash(start: ThreadStart, thread: Awaited<ReturnType<typeof readThread>>) {
  const hash = await redis.run((client) => client.hGetAll(threadKey(ORGANIZATION, start.id)));
  const { epoch, n, epochs, ...fields } = hash;
  expect([Number(epoch) > 0, Number(n) > 0, [undefined, 'several'].includes(epochs)]).toEqual([
    true,
    true,
    true,
  ]);
  const expected = thread ? hashFields(thread) : [];
  const pairs = expected.flatMap((name, i) => (i % 2 === 0 ? [[name, expected[i + 1]]] : []));
  expect(fields).toEqual(Object.fromEntries(pairs));
  expect(parseHash(hash)).toEqual(thread && withoutHistory(thread));
  // It is found by what it is now, and by nothing that it was.
  const terms = thread ? termsOf(thread) : [];
  const index = await redis.run((client) => client.sMembers(indexKey(ORGANIZATION, start.id)));
  expect(index.sort()).toEqual([...terms].sort());
  const holding: string[] = [];
  for (const key of await redis.run((client) => client.keys('*'))) {
    const score =
      (await redis.run((client) => client.type(key))) === 'zset'
        ? await redis.run((client) => client.zScore(key, start.id))
        : null;
    if (score !== null) holding.push(key);
    if (score !== null) expect(score).toBe(Date.parse(start.started_at));
  }
  expect(holding.sort()).toEqual(terms.map((name) => termKey(ORGANIZATION, name)).sort());
}

function anyEntry(pick: (n: number) => number): Entry {
  const kinds: (() => Entry)[] = [
    () => said(`line ${pick(1000)}`),
    () => pressed(String(pick(1000))),
    () => ({ kind: 'answered', at: new Date(pick(1e9)).toISOString() }),
    () => ({ kind: 'state', state: { [`key${pick(3)}`]: pick(100) }, at }),
    () => ({ kind: 'outcome', outcome: { reason: `r${pick(5)}` }, at }),
    () => ({ kind: 'warning', code: 'E_TOOL_ARGUMENTS', detail: String(pick(9)), at }),
    () => ({ kind: 'ended', end_reason: { result: 'completed', reason: `r${pick(5)}` }, at }),
    () => ({
      kind: 'transfer',
      attempt: {
        status: 'busy',
        cause: null,
        code: null,
        sip_status: 486,
        method: 'refer',
        to: 'sip:a@b',
        seconds: pick(9),
      },
      at,
    }),
  ];
  return (kinds[pick(kinds.length)] as () => Entry)();
}

/** A small generator with a seed, so that a failure can be played again. */
function mulberry32(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
