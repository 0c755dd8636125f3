import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import type { Organization, Uid } from '../base/ids.ts';
import { createLog } from '../base/log.ts';
import type { Entry, ThreadStart } from './entry.ts';
import { RedisServer } from './redis-server.fixture.ts';
import { openThreads, type Threads } from './store.ts';
import { ORGANIZATION, someStart } from './thread.fixture.ts';

const log = createLog('test', 'silent');
const at = '2026-01-01T00:00:00.000Z';
const SECRET = 'my secret sentence';

let server: RedisServer;
let folder: string;
let threads: Threads;

beforeAll(async () => {
  // A cluster of one node: it refuses a script whose keys are not all in one slot.
  server = await RedisServer.start({ cluster: true });
  folder = mkdtempSync(join(tmpdir(), 'attendant-erase-'));
  threads = openThreads({
    redisUrl: server.url,
    journalFolder: folder,
    clock: systemClock,
    log,
    signal: new AbortController().signal,
  });
});
afterAll(async () => {
  await threads.close();
  await server.remove();
  rmSync(folder, { recursive: true, force: true });
});

const said: Entry = { kind: 'message', message: { role: 'user', content: SECRET, created_at: at } };
const end: Entry = { kind: 'ended', end_reason: { result: 'completed', reason: 'x' }, at };

async function call(changes: Partial<ThreadStart>, entries: Entry[] = [said, end]) {
  const start = someStart(changes);
  const writer = threads.write(start, 1);
  for (const entry of entries) writer.append(entry);
  await writer.flushed(AbortSignal.timeout(10_000));
  return { start, writer };
}

/** Everything that Redis holds, as text. */
async function held(): Promise<string> {
  const client = await server.client();
  let text = '';
  for (const key of await client.keys('*')) {
    const type = await client.type(key);
    text += `${key} `;
    if (type === 'stream') text += JSON.stringify(await client.xRange(key, '-', '+'));
    if (type === 'hash') text += JSON.stringify(await client.hGetAll(key));
    if (type === 'zset') text += JSON.stringify(await client.zRange(key, 0, -1));
    if (type === 'set') text += JSON.stringify(await client.sMembers(key));
  }
  client.destroy();
  return text;
}

it('leaves nothing of a thread in Redis but that it was erased, and others whole', async () => {
  const kept = await call({ uid: 'kept' as Uid });
  const before = await threads.read(ORGANIZATION, 'kept');
  const number = { ...someStart().caller, number: '+1999' };
  const { start, writer } = await call({ uid: 'gone-uid' as Uid, caller: number });
  writer.close();
  expect(await threads.erase(ORGANIZATION, start.id)).toEqual({
    erased: [start.id],
    more: false,
    recordings: [],
    lists: 0,
  });
  const text = await held();
  expect(text).not.toContain('gone-uid');
  expect(text).not.toContain('+1999');
  expect(text.split(start.id)).toHaveLength(2);
  expect(text).toContain(`attendant:{default}:erased ["${start.id}"]`);
  expect(await threads.read(ORGANIZATION, start.id)).toBeUndefined();
  expect(await threads.read(ORGANIZATION, 'kept')).toEqual(before);
  expect(text).toContain(kept.start.id);
  expect((await threads.erase(ORGANIZATION, start.id)).erased).toEqual([]);
});

it('is not undone by the journal, which goes too', async () => {
  const { start, writer } = await call({});
  writer.close();
  const journals = () => readdirSync(folder).filter((name) => name.startsWith(start.id));
  expect(journals()).toHaveLength(1);
  await threads.erase(ORGANIZATION, start.id);
  await threads.replayJournals();
  expect(journals()).toEqual([]);
  expect(await held()).not.toContain(`thread:${start.id}`);
});

it('of a call that still runs holds for the rest of it', async () => {
  const { start, writer } = await call({ uid: 'live' as Uid }, [said]);
  await threads.erase(ORGANIZATION, 'live');
  writer.append(said);
  writer.append(end);
  await writer.flushed(AbortSignal.timeout(10_000));
  writer.close();
  expect(await threads.read(ORGANIZATION, start.id)).toBeUndefined();
  expect(await held()).not.toContain(`entries:${start.id}`);
  await threads.replayJournals();
  expect(readdirSync(folder).filter((name) => name.startsWith(start.id))).toEqual([]);
});

it('takes all threads of a UID, all of a caller, and none of another organization', async () => {
  const caller = { ...someStart().caller, number: '+1777' };
  const acme = 'acme' as Organization;
  const mine = [await call({ uid: 'both' as Uid, caller }), await call({ uid: 'both' as Uid, caller })];
  const third = await call({ caller });
  const theirs = await call({ uid: 'both' as Uid, caller, organization: acme });
  expect((await threads.erase(ORGANIZATION, 'both')).erased.sort()).toEqual(
    mine.map(({ start }) => start.id).sort(),
  );
  expect(await threads.eraseCaller(ORGANIZATION, '+1777')).toEqual({
    ...{ erased: [third.start.id], more: false, recordings: [], lists: 0 },
  });
  expect(await threads.eraseCaller(ORGANIZATION, '+1777')).toEqual({
    erased: [],
    more: false,
    recordings: [],
    lists: 0,
  });
  expect((await threads.read(acme, 'both'))?.id).toBe(theirs.start.id);
  expect((await threads.erase(ORGANIZATION, theirs.start.id)).erased).toEqual([]);
});

it('names the files of recordings that it cannot reach', async () => {
  const part = {
    egress_id: 'EG_1',
    status: 'complete',
    started_at: null,
    ended_at: null,
    seconds: 1,
    bytes: 9,
  } as const;
  const file = 'default/thr_1/1.ogg';
  const recording = { status: 'complete', consent: 'agreed', code: null } as const;
  const parts = [{ ...part, file, location: '/out/1.ogg' }];
  const { start, writer } = await call({}, [
    { kind: 'recording', recording: { ...recording, parts }, at: '2026-01-01T00:00:00.000Z' },
  ]);
  writer.close();
  expect((await threads.erase(ORGANIZATION, start.id)).recordings).toEqual([
    { thread: start.id, file, location: '/out/1.ogg', erased: false },
  ]);
  expect(await held()).not.toContain(file);
});

it('takes the threads of whom we called along with those of who called us', async () => {
  const number = '+15550177';
  const caller = { ...someStart().caller, number };
  const inbound = await call({ caller });
  const outbound = await call({ direction: 'outbound', caller: { ...caller, number: '+1', dialed: number } });
  // Others called that number: theirs are not.
  const other = await call({ caller: { ...caller, number: '+15550178', dialed: number } });
  for (const { writer } of [inbound, outbound, other]) writer.close();
  const { erased } = await threads.eraseCaller(ORGANIZATION, number);
  expect(new Set(erased)).toEqual(new Set([inbound.start.id, outbound.start.id]));
  expect((await threads.read(ORGANIZATION, other.start.id))?.id).toBe(other.start.id);
});

it('goes through a thread of thousands of entries step by step', { timeout: 60_000 }, async () => {
  const { start, writer } = await call(
    {},
    Array.from({ length: 1_800 }, () => said),
  );
  writer.close();
  expect((await threads.erase(ORGANIZATION, start.id)).erased).toEqual([start.id]);
  const text = await held();
  expect(text.split(start.id)).toHaveLength(2);
});
