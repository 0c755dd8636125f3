import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import type { AgentName, Organization, Uid } from '../base/ids.ts';
import { createLog } from '../base/log.ts';
import { appendEntries } from './append.ts';
import type { Entry, ThreadStart } from './entry.ts';
import { threadKey } from './keys.ts';
import { listThreads, type ThreadFilter } from './list.ts';
import { connectRedis, type Redis } from './redis.ts';
import { RedisServer } from './redis-server.fixture.ts';
import { Items } from './send.ts';
import { ORGANIZATION, someStart } from './thread.fixture.ts';

const log = createLog('test', 'silent');
const at = '2026-01-01T00:00:00.000Z';

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await RedisServer.start();
  const signal = new AbortController().signal;
  redis = connectRedis({ url: server.url, clock: systemClock, log, signal });
  await new Promise<void>((resolve) => redis.onReady(resolve));
});
afterAll(async () => {
  await redis.close();
  await server.remove();
});

const organizations = new Map<string, Organization>();
/** An organization for each test, so that none sees what another wrote. */
function organization(name: string): Organization {
  const made = organizations.get(name) ?? (`o${organizations.size}` as Organization);
  organizations.set(name, made);
  return made;
}

async function write(changes: Partial<ThreadStart>, ...entries: Entry[]): Promise<string> {
  const start = someStart(changes);
  const made = new Items();
  const items = [{ kind: 'started', start } satisfies Entry, ...entries].map((entry, i) =>
    made.next({ epoch: 1, n: i + 1, entry }),
  );
  await appendEntries(redis, start, 1, items);
  return start.id;
}

const ended = (outcome?: Record<string, unknown>): Entry[] => [
  ...(outcome ? [{ kind: 'outcome', outcome, at } satisfies Entry] : []),
  { kind: 'ended', end_reason: { result: outcome ? 'completed' : 'abandoned', reason: 'x' }, at },
];
const caller = (number: string, dialed = '+15550100', name = '') => ({
  ...someStart().caller,
  number,
  dialed,
  name,
});
const started = (minute: number) => ({ started_at: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString() });

async function found(of: Organization, filter: ThreadFilter): Promise<string[]> {
  return (await listThreads(redis, of, filter, { limit: 50 })).threads.map(({ id }) => id);
}

describe('a list of threads', () => {
  it('is filtered by everything at once, and follows what changes', async () => {
    const of = organization('filters');
    const common = { organization: of };
    const a = await write(
      { ...common, ...started(1), agent: 'desk' as AgentName, caller: caller('+1') },
      ...ended({ reason: 'resolved', stars: 5, sure: true, note: null, list: ['x'] }),
    );
    const b = await write(
      { ...common, ...started(2), agent: 'desk' as AgentName, caller: caller('+2', '+9') },
      { kind: 'outcome', outcome: { reason: 'unresolved' }, at },
      ...ended({ reason: 'resolved' }),
    );
    const c = await write({ ...common, ...started(3), caller: caller('+1'), uid: 'u1' as Uid });
    const d = await write({ ...common, ...started(4), caller: caller('', '') }, ...ended());
    const rows: [ThreadFilter, string[]][] = [
      [{}, [d, c, b, a]],
      [{ status: 'active' }, [c]],
      [{ status: 'ended' }, [d, b, a]],
      [{ agent: 'desk' }, [b, a]],
      [{ caller: '+1' }, [c, a]],
      [{ caller: '+1', status: 'ended' }, [a]],
      [{ dialed: '+9' }, [b]],
      [{ uid: 'u1' as Uid }, [c]],
      [{ uid: 'u2' as Uid }, []],
      [{ result: 'abandoned' }, [d]],
      [{ outcome: [['reason', 'resolved']] }, [b, a]],
      [{ outcome: [['reason', 'unresolved']] }, []],
      [
        {
          outcome: [
            ['reason', 'resolved'],
            ['stars', '5'],
            ['sure', 'true'],
          ],
        },
        [a],
      ],
      [{ outcome: [['note', 'null']] }, []],
      [{ from: Date.parse(started(2).started_at), to: Date.parse(started(4).started_at) }, [c, b]],
      [{ from: Date.parse(started(2).started_at), agent: 'desk' }, [b]],
      [{ text: 'RESOLVED' }, [b, a]],
      [{ text: '+9' }, [b]],
      [{ text: 'nowhere' }, []],
    ];
    for (const [filter, expected] of rows)
      expect(await found(of, filter), JSON.stringify(filter)).toEqual(expected);
    expect(await found(organization('empty'), {})).toEqual([]);
  });

  it('is read page by page, each thread once, also where many began in the same millisecond', async () => {
    const of = organization('pages');
    const all: string[] = [];
    for (let i = 0; i < 450; i++)
      all.push(
        await write({
          organization: of,
          ...started(i < 300 ? 7 : i),
          agent: (i % 3 ? 'a' : 'b') as AgentName,
        }),
      );
    for (const [filter, limit] of [
      [{}, 7],
      [{ agent: 'a', caller: '+15550123' }, 50],
      [{ agent: 'b', text: '+15550123' }, 1],
    ] as [ThreadFilter, number][]) {
      const seen: string[] = [];
      let last: string | undefined;
      for (let cursor: string | null | undefined; cursor !== null;) {
        const page = await listThreads(redis, of, filter, { limit, cursor });
        expect(page.threads.length).toBeLessThanOrEqual(limit);
        for (const { id, started_at } of page.threads) {
          expect(last === undefined || started_at <= last).toBe(true);
          last = started_at;
          seen.push(id);
        }
        cursor = page.next;
      }
      const expected = all.filter((_, i) => !('agent' in filter) || (filter.agent === 'a') === i % 3 > 0);
      expect(seen.length).toBe(expected.length);
      expect(new Set(seen)).toEqual(new Set(expected));
    }
  });

  it('ends a page early where very many fit one filter and none the other, and goes on from there', async () => {
    const of = organization('many');
    const rare = await write({ organization: of, ...started(0), caller: caller('+7') });
    const pad = 6_000;
    await redis.run((client) =>
      client.zAdd(
        `attendant:{${of}}:threads`,
        Array.from({ length: pad }, (_, i) => ({
          score: Date.UTC(2026, 1, 1) + i,
          value: `thr_${String(i).padStart(26, '0')}`,
        })),
      ),
    );
    const first = await listThreads(redis, of, { text: '+7' }, { limit: 5 });
    expect(first.threads).toEqual([]);
    expect(first.next).not.toBeNull();
    const second = await listThreads(redis, of, { text: '+7' }, { limit: 5, cursor: first.next ?? '' });
    expect([second.threads.map(({ id }) => id), second.next]).toEqual([[rare], null]);
  });

  it('shows a thread whose hash was broken, put together from its entries', async () => {
    const of = organization('broken');
    const id = await write({ organization: of }, ...ended({ reason: 'resolved' }));
    await redis.run((client) =>
      client.hSet(threadKey(of, id as Parameters<typeof threadKey>[1]), 'outcome', '{'),
    );
    const { threads } = await listThreads(redis, of, {}, { limit: 1 });
    expect(threads).toMatchObject([{ id, outcome: { reason: 'resolved' } }]);
    expect(threads[0]).not.toHaveProperty('history');
  });

  it('finds long values, and is not confused by what callers write', async () => {
    const of = organization('odd');
    const odd = ['x'.repeat(2_000), 'a=b', 'ü\u0000{}*', '__proto__', 'status:ended'];
    for (const number of odd) {
      const id = await write(
        { organization: of, caller: caller(number) },
        ...ended({ [number.slice(0, 60)]: number }),
      );
      expect(await found(of, { caller: number })).toEqual([id]);
      expect(await found(of, { outcome: [[number.slice(0, 60), number]] })).toEqual([id]);
    }
    expect(await found(of, { status: 'ended' })).toHaveLength(odd.length);
  });

  it('says that a cursor is none', async () => {
    for (const cursor of [
      'x',
      Buffer.from('1 thr_x').toString('base64url'),
      Buffer.from('1e9 ').toString('base64url'),
    ])
      await expect(listThreads(redis, ORGANIZATION, {}, { limit: 1, cursor })).rejects.toMatchObject({
        code: 'E_BAD_REQUEST',
      });
  });
});
