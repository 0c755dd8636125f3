import { env } from 'node:process';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { random } from '../../base/random.fixture.ts';
import type { Organization } from '../../base/ids.ts';
import type { ListSettings, Retried } from '../../threads/lists/call-list.ts';
import { someCallees, someSettings } from '../../threads/lists/lists.fixture.ts';
import { someStart } from '../../threads/thread.fixture.ts';
import { mayBeCalled, openWorld, type Dialed, type Fate } from './world.fixture.ts';

/** LISTS_SEEDS=50: the long form; LISTS_SEED=<the seed that a failure names> plays the same again. */
const SEEDS = Number(env['LISTS_SEEDS'] ?? 2);
const FIRST = Number(env['LISTS_SEED'] ?? Date.now() % 1e6);
const DAY = 86_400_000;

/** The Friday evening before summer time begins in Berlin (29 March 2026), where it is summer in New York already. */
const BEGIN = Date.UTC(2026, 2, 27, 15, 30);
const world = await openWorld(BEGIN);
const { lists, tick, work, dialed, threads } = world;
afterAll(world.close);

let organizations = 0;
const someone = () => `acme-${++organizations}` as Organization;
const RESULTS: Readonly<Record<string, Retried>> = {
  busy: 'busy',
  no_answer: 'no_answer',
  machine: 'machine',
  server_error: 'failed',
  dead: 'failed',
};

/** What the rules make of the calls to somebody: how many there are. */
function expectedCalls(settings: ListSettings, fates: readonly Fate[]): number {
  const seen = new Map<string, number>();
  for (const [i, fate] of fates.entries()) {
    const result = typeof fate === 'string' ? RESULTS[fate] : undefined;
    if (!result) return i + 1;
    seen.set(result, (seen.get(result) ?? 0) + 1);
    if ((seen.get(result) ?? 0) > (settings.retry[result]?.times ?? 0) || i + 1 >= settings.most_calls)
      return i + 1;
  }
  throw new Error('a plan has to be longer than its retries');
}

it.each(Array.from({ length: SEEDS }, (_, i) => FIRST + i))(
  'whatever processes that dial and die do at once, everyone is called as the rules say, once for each call (LISTS_SEED=%i)',
  { timeout: 180_000 },
  async (seed) => {
    const chance = random(seed);
    const acme = someone();
    const begun = world.now();
    const settings = someSettings({
      pace: { at_once: 2 + chance(3), per_minute: 4 + chance(4) },
      retry: {
        busy: { after: 60, times: 2 },
        no_answer: { after: 7_200, times: 2 },
        machine: { after: 86_400, times: 1 },
        failed: { after: 300, times: 1 },
      },
      most_calls: 4,
      hours: { time_zone: 'Europe/Berlin', hours: ['mon-sun 09:00-17:00'], holidays: [] },
    });
    const callees = someCallees(14, begun).map((callee, i) => ({
      ...callee,
      time_zone: i % 4 === 0 ? 'America/New_York' : null,
    }));
    const zones = new Map(callees.map(({ to, time_zone }) => [to, time_zone]));
    const kinds: readonly Fate[] = [
      'answered',
      'busy',
      'busy',
      'no_answer',
      'machine',
      'server_error',
      'dead',
    ];
    const plans = new Map(
      callees.map(({ to }) => [to, Array.from({ length: 6 }, () => kinds[chance(kinds.length)] as Fate)]),
    );
    const id = await lists.start(acme, settings, callees, {
      starts: begun,
      expires: begun + 20 * DAY,
      kept: DAY,
    });
    const from = dialed.length;
    const mine = () => dialed.slice(from);
    const processes = [world.dialer({ chance }), world.dialer({ chance, steps: 5 + chance(60) })];
    onTestFinished(async () => {
      for (const one of processes) await one.end();
    });
    for (;;) {
      const list = await lists.find(acme, id);
      if (list?.state === 'finished') break;
      if (!list) throw new Error('the list is gone');
      // Where nothing happens time goes by faster, up to shortly before or behind what comes next.
      const next = Date.parse(list.next_due ?? '') - world.now() + chance(3_000) - 1_500;
      const idle = world.running() > 0 || !(next > 8_000) ? 500 + chance(6_000) : Math.min(next, 3_600_000);
      await tick(idle);
      await work(
        acme,
        (to, before) => (chance(12) === 0 ? 'untaken' : (plans.get(to)?.[before] ?? 'answered')),
        () => 3_000 + chance(30_000),
      );
      expect(world.running()).toBeLessThanOrEqual(settings.pace.at_once);
      for (const [i, one] of processes.entries())
        if (one.isDead()) {
          await one.end();
          processes[i] = world.dialer({ chance, steps: 5 + chance(120) });
        }
      expect(world.now() - begun).toBeLessThan(20 * DAY);
    }

    const list = await lists.find(acme, id);
    if (!list) throw new Error('the list is gone');
    const shown = await lists.callees(acme, list, 1, 50);
    for (const callee of shown) {
      const calls = mine().filter(({ to }) => to === callee.to);
      const made = calls.filter(({ fate }) => fate !== 'untaken');
      const plan = plans.get(callee.to) ?? [];
      expect({ to: callee.to, made: made.length }).toEqual({
        to: callee.to,
        made: expectedCalls(settings, plan),
      });
      // Each call that the list says was made was dialed, and none besides.
      const told = callee.attempts.filter(({ result }) => result !== 'not_made').map(({ thread }) => thread);
      expect(told).toEqual(made.map(({ thread }) => thread));
      expect(new Set(calls.map(({ thread }) => thread)).size).toBe(calls.length);
      calls.slice(1).forEach((call, i) => {
        const before = calls[i] as Dialed;
        expect(before.over).toBeLessThanOrEqual(call.at);
        const rule =
          typeof before.fate === 'string' ? settings.retry[RESULTS[before.fate] ?? 'rejected'] : undefined;
        expect(call.at - (before.over ?? Infinity)).toBeGreaterThanOrEqual((rule?.after ?? 0) * 1_000);
      });
      for (const call of calls)
        expect(mayBeCalled(settings, zones.get(callee.to) ?? null, call.at)).toBe(true);
    }
    const times = mine().map(({ at }) => at);
    for (const at of times)
      expect(times.filter((other) => other > at - 60_000 && other <= at).length).toBeLessThanOrEqual(
        settings.pace.per_minute,
      );
    const results = Object.values(list.results).reduce((sum, many) => sum + many, 0);
    expect(results).toBe(callees.length);
  },
);

describe('a callee', () => {
  /** Plays a list with one process until it is over; `between` is done before each step. */
  async function play(
    settings: ListSettings,
    fates: readonly Fate[],
    between: (organization: Organization, calls: number) => Promise<void> = () => Promise.resolve(),
  ) {
    const acme = someone();
    const from = dialed.length;
    const [callee] = someCallees(1, world.now());
    if (!callee) throw new Error('nobody');
    const id = await lists.start(acme, settings, [callee], {
      starts: world.now(),
      expires: world.now() + DAY,
      kept: DAY,
    });
    const process = world.dialer();
    for (;;) {
      const list = await lists.find(acme, id);
      if (!list) throw new Error('the list is gone');
      if (list.ended_at !== null) {
        await process.end();
        const [shown] = await lists.callees(acme, list, 1, 1);
        return { list, callee: shown, calls: dialed.slice(from) };
      }
      await between(acme, dialed.length - from);
      await tick(10_000);
      await work(
        acme,
        (_to, before) => fates[before] ?? 'answered',
        () => 5_000,
      );
    }
  }
  const retry = { busy: { after: 120, times: 5 }, no_answer: { after: 120, times: 5 } };

  it('who asked not to be called again is not, whatever the call came to', async () => {
    const settings = someSettings({
      retry: { ...retry, machine: { after: 60, times: 3 } },
      stop_when: { called_back: false, outcome: { do_not_call: true } },
    });
    const { callee, calls } = await play(settings, ['busy', { outcome: { do_not_call: true, why: 'x' } }]);
    expect(calls).toHaveLength(2);
    expect(callee).toMatchObject({
      result: 'stopped',
      attempts: [{ result: 'busy' }, { result: 'answered' }],
    });
  });

  it('who called back, or said so when they called, is not called again', async () => {
    const callBack = async (acme: Organization, outcome?: object) => {
      const at = new Date(world.now() + 1_000).toISOString();
      const [callee] = someCallees(1, 0);
      const caller = { ...someStart().caller, number: callee?.to ?? '' };
      const writer = threads.write(someStart({ organization: acme, caller, started_at: at }), 1);
      writer.append({ kind: 'answered', at });
      if (outcome) writer.append({ kind: 'outcome', outcome: outcome as Record<string, unknown>, at });
      writer.append({ kind: 'ended', end_reason: { result: 'completed', reason: 'end_dialog' }, at });
      await writer.flushed(AbortSignal.timeout(20_000));
      writer.close();
    };
    const once = (outcome?: object) => {
      let done = false;
      return async (acme: Organization, calls: number) => {
        if (calls === 0 || done) return;
        done = true;
        await callBack(acme, outcome);
      };
    };
    const back = await play(someSettings({ retry, stop_when: { called_back: true } }), ['no_answer'], once());
    expect(back.callee).toMatchObject({ result: 'called_back', attempts: [{ result: 'no_answer' }] });
    const stop_when = { called_back: false, outcome: { do_not_call: true } };
    const said = await play(someSettings({ retry, stop_when }), ['no_answer'], once({ do_not_call: true }));
    expect(said.callee).toMatchObject({ result: 'stopped' });
    const other = await play(someSettings({ retry, stop_when }), ['no_answer'], once({ do_not_call: false }));
    expect(other.callee).toMatchObject({ result: 'answered' });
    expect(other.calls).toHaveLength(2);
  });

  it('is called no more than most_calls says', async () => {
    const { callee, calls } = await play(someSettings({ retry, most_calls: 3 }), [
      'busy',
      'no_answer',
      'busy',
      'busy',
    ]);
    expect(calls).toHaveLength(3);
    expect(callee?.result).toBe('busy');
  });

  it('is not called while no worker is there, and loses no call by it', async () => {
    await threads.workers.leave('worker');
    onTestFinished(async () => {
      await threads.workers.beat('worker', 1e10);
    });
    let looks = 0;
    const { callee, calls } = await play(someSettings(), [], async (_acme, made) => {
      if (looks++ < 5) expect(made).toBe(0);
      else await threads.workers.beat('worker', 1e10);
    });
    expect(calls).toHaveLength(1);
    expect(callee).toMatchObject({ result: 'answered', attempts: [{ result: 'answered' }] });
  });
});
