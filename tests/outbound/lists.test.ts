import { expect, it, onTestFinished } from 'vitest';
import type { ListId } from '../../base/ids.ts';
import type { CalleeResult, ShownCallee } from '../../threads/lists/call-list.ts';
import { startSippCallee, type SippRun } from '../../rehearsal/sipp.ts';
import type { FarEnd } from '../../rehearsal/sipp-callee.ts';
import type { Thread } from '../../threads/thread.ts';
import { switchboard } from '../calls/switchboard.ts';
import { anotherApi } from '../stack/another-api.ts';
import { until } from '../until.ts';
import { api } from './placed-call.ts';

const board = switchboard();

/** Longer than all of it. */
const LIFE = 240_000;
const ANSWERS: FarEnd = { kind: 'answer', steps: [{ kind: 'pause', ms: 1_500 }, { kind: 'bye' }] };
const BUSY: FarEnd = { kind: 'refuse', status: 486 };
const RINGS: FarEnd = { kind: 'ring' };
const inTurn = (...each: FarEnd[]): FarEnd => ({ kind: 'in_turn', each });

/** What each of them does at its calls, and what becomes of them: how their calls go, and the result. */
const PEOPLE: readonly (readonly [does: FarEnd, calls: readonly string[], result: CalleeResult])[] = [
  [inTurn(ANSWERS), ['answered'], 'answered'],
  [inTurn(BUSY, ANSWERS), ['busy', 'answered'], 'answered'],
  [inTurn(RINGS, ANSWERS), ['no_answer', 'answered'], 'answered'],
  [inTurn(BUSY, BUSY, BUSY), ['busy', 'busy', 'busy'], 'busy'],
  [inTurn(RINGS, RINGS), ['no_answer', 'no_answer'], 'no_answer'],
  [inTurn({ kind: 'refuse', status: 603 }), ['rejected'], 'rejected'],
  [inTurn(BUSY, RINGS, ANSWERS), ['busy', 'no_answer', 'answered'], 'answered'],
  [inTurn(ANSWERS), ['answered'], 'answered'],
];
const AT_ONCE = 2;
const AFTER = 1;

interface Calls {
  readonly calls: readonly ShownCallee[];
}
interface List {
  readonly id: ListId;
  readonly state: string;
  readonly calling: number;
  readonly ended_at: string | null;
  readonly results: Readonly<Record<string, number>>;
}

it('everyone on a list is called as the rules say, once for each call and no more at once, though one of two API processes is killed', async () => {
  const signal = AbortSignal.timeout(LIFE);
  const { stack } = board();
  const phones: SippRun[] = [];
  onTestFinished(async () => {
    await Promise.all(phones.map((phone) => phone.close()));
  });
  for (const [does] of PEOPLE)
    phones.push(await startSippCallee({ address: '127.0.0.1', codec: 'PCMU', does, signal }));
  const second = await anotherApi(stack, signal);
  onTestFinished(() => second.kill());
  const ask = async <T>(path: string): Promise<T> => {
    const headers = { 'api-key': stack.config.apiKeys[0]?.key ?? '' };
    return (await (await fetch(`${second.url}${path}`, { headers })).json()) as T;
  };

  const callees = phones.map(({ local }, i) => ({
    to: `sip:callee-${i}@127.0.0.1:${local.port}`,
    uid: `callee-${i}`,
    vars: { name: `Callee ${i}` },
  }));
  const retry = { busy: { after: AFTER, times: 2 }, no_answer: { after: AFTER, times: 1 } };
  const asked = { agent: 'dialing', callees, retry, pace: { at_once: AT_ONCE, per_minute: 60 } };
  const began = new Date().toISOString();
  const begun = await api(board(), 'POST', '/lists', asked);
  expect(begun.status).toBe(201);
  const { id } = (await begun.json()) as { id: ListId };

  const made = async () =>
    (await ask<Calls>(`/lists/${id}/calls?limit=50`)).calls.flatMap(({ attempts }) => attempts);
  await until('some calls are made', async () => (await made()).length >= 4, { within: 120_000 });
  await stack.kill('api');
  onTestFinished(() => stack.restart('api'));
  const before = (await made()).length;
  await until('the other one goes on', async () => (await made()).length > before, { within: 120_000 });
  const list = await until(
    'the list is over',
    async () => {
      const now = await ask<List>(`/lists/${id}`);
      return now.ended_at === null ? undefined : now;
    },
    { within: LIFE, seen: () => ask<Calls>(`/lists/${id}/calls?limit=50`) },
  );
  const { calls } = await ask<Calls>(`/lists/${id}/calls?limit=50`);
  const went = calls.map(({ attempts, result }) => ({
    calls: attempts.map((attempt) => attempt.result).filter((one) => one !== 'not_made'),
    result,
    why: attempts.map(({ reason }) => reason),
  }));
  expect(went, JSON.stringify(went)).toMatchObject(
    PEOPLE.map(([, results, result]) => ({ calls: results, result })),
  );
  expect(list).toMatchObject({
    state: 'finished',
    results: { answered: 5, busy: 1, no_answer: 1, rejected: 1 },
  });
  const threads: Thread[] = [];
  for (const [i, [, results]] of PEOPLE.entries()) {
    const callee = calls[i];
    // Their telephone rang as often as the list says.
    const invites = ((await phones[i]?.messages()) ?? []).filter(({ method }) => method === 'INVITE');
    expect(
      new Set(invites.map(({ headers }) => headers.find(([name]) => /^call-id$/i.test(name))?.[1])).size,
    ).toBe(results.length);
    const theirs = await Promise.all(
      (callee?.attempts ?? []).map(({ thread }) => ask<Thread>(`/threads/${thread}`)),
    );
    threads.push(...theirs);
    theirs.slice(1).forEach((thread, n) => {
      const ended = Date.parse(theirs[n]?.ended_at ?? '');
      expect(Date.parse(thread.started_at) - ended).toBeGreaterThanOrEqual(AFTER * 1_000 - 50);
    });
    expect(theirs.at(-1)).toMatchObject({ uid: `callee-${i}`, caller: { vars: { name: `Callee ${i}` } } });
  }
  // Every call of it is one that the list tells of.
  const { threads: all } = await ask<{ threads: readonly Thread[] }>(
    `/threads?agent=dialing&limit=50&from=${began}`,
  );
  expect(all.map((thread) => thread.id as string).sort()).toEqual(
    threads.map((thread) => thread.id as string).sort(),
  );
  for (const { started_at: at } of threads) {
    const then = threads.filter((one) => one.started_at <= at && (one.ended_at ?? '') > at);
    expect(then.length).toBeLessThanOrEqual(AT_ONCE);
  }
});
