import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SippStep } from '../../rehearsal/sipp-scenario.ts';
import { headerOf, type SipMessage } from '../../rehearsal/sip-trace.ts';
import { switchboard } from '../calls/switchboard.ts';
import { lines, type TestCall } from '../calls/test-call.ts';
import { VOICE_HERTZ } from '../doubles/model-server.ts';
import { tone } from '../doubles/tone.ts';
import { count, figure, LONG } from '../harm/form.ts';
import { farEnd } from '../transfer/far-ends.ts';
import { until } from '../until.ts';

const PROMISE = 'overload is decided';
const PLACES = 2;
const HUM = 'A hum that goes on.';
/** Milliseconds: longer than a burst of callers takes. */
const HUMS = count({ short: 60_000, long: 120_000 });
/** Callers over the places, of each kind. */
const CALLERS = count({ short: 3, long: 20 });

/** One child with two places, and trunks as they are where nobody says otherwise: a caller whom nobody takes must not ring for long. */
const board = switchboard({
  env: { ATTENDANT_CHILDREN: '1', ATTENDANT_CHILD_CALLS: String(PLACES) },
  prepare: (home) => {
    const file = join(home, 'sip-trunks', 'local-names.json');
    const { trunk } = JSON.parse(readFileSync(file, 'utf8')) as { trunk: Record<string, unknown> };
    delete trunk['ringing_timeout'];
    writeFileSync(file, JSON.stringify({ trunk }));
  },
  speak: (text) => tone(VOICE_HERTZ, text === HUM ? HUMS : text.length * 60, 24_000),
});

/** A caller who hears the agent hum until they are hung up on. */
async function talker(): Promise<TestCall> {
  const call = await board().call({
    turns: [{ say: HUM }],
    steps: [{ kind: 'cue' }, { kind: 'bye' }],
  });
  await until('the agent hums', () => call.earpiece.voiceSince() > 500);
  return call;
}

const allFree = () =>
  until('all places are free', async () => (await board().metrics()).get('attendant_worker_calls') === 0);

async function full(): Promise<TestCall[]> {
  await allFree();
  return Promise.all(Array.from({ length: PLACES }, talker));
}

const hangUp = (calls: readonly TestCall[]) =>
  Promise.all(
    calls.map(async (call) => {
      await call.cue();
      await call.done();
    }),
  );

const caller = (agent: string, steps: readonly SippStep[], headers: Record<string, string> = {}) =>
  board().call({ agent, turns: [], steps, headers });

/** Milliseconds from a caller's INVITE to the first message of that kind. */
async function after(call: TestCall, wanted: (message: SipMessage) => boolean): Promise<number> {
  const messages = await call.sipp.messages();
  const invite = messages.find(({ method }) => method === 'INVITE');
  return (messages.find(wanted)?.at ?? NaN) - (invite?.at ?? NaN);
}

const most = (numbers: readonly number[]) => Math.round(Math.max(...numbers));

async function isBusy(call: TestCall): Promise<number> {
  await call.sipp.until(({ status }) => status === 486, { within: 60_000 });
  expect(
    (await call.sipp.messages()).some(({ status }) => status === 200),
    'nobody answers',
  ).toBe(false);
  return after(call, ({ status }) => status === 486);
}

describe('more calls than a worker has places for', () => {
  it('are told busy, or go to the overflow destination, and those who talk hear nothing of it', async () => {
    const talking = await full();
    const since = Date.now();
    await until('they hear it for a while', () =>
      talking.every(({ earpiece }) => earpiece.voiceSince(since) > 2_000),
    );
    const burst = Date.now();
    const refused = { kind: 'refer', answer: { status: 202, notify: [100, 200] } } as const;
    const [turnedAway, putThrough] = await Promise.all([
      Promise.all(Array.from({ length: CALLERS }, () => caller('scripted', [{ kind: 'until_bye' }]))),
      Promise.all(Array.from({ length: CALLERS }, () => caller('crowded', [refused, { kind: 'until_bye' }]))),
    ]);

    const busy = await Promise.all(turnedAway.map(isBusy));
    for (const call of turnedAway)
      expect(await call.ended()).toMatchObject({
        agent: 'scripted',
        answered_at: null,
        end_reason: { result: 'failed', reason: 'E_WORKER_FULL', sip_status: 486 },
        history: [],
      });
    const referred: number[] = [];
    for (const call of putThrough) {
      const refer = await call.sipp.until(({ method }) => method === 'REFER', { within: 60_000 });
      expect(headerOf(refer, 'refer-to')).toBe('<sip:desk@company.com>');
      expect((await call.done()).passed).toBe(true);
      expect(await call.ended()).toMatchObject({
        end_reason: { result: 'transferred', reason: 'E_WORKER_FULL' },
        transfers: [{ status: 'completed', method: 'refer', to: 'sip:desk@company.com' }],
        history: [],
      });
      referred.push(await after(call, ({ method }) => method === 'REFER'));
    }

    const over = Date.now();
    const hole = (from: number, to: number) =>
      most(talking.map(({ earpiece }) => earpiece.longestHole(VOICE_HERTZ, from, to)));
    const late = (from: number, to: number) =>
      most(talking.map(({ earpiece }) => earpiece.longestQuiet(from, to)));
    for (const { earpiece } of talking) expect(earpiece.quietFor(1_000)).toBe(false);
    figure(
      PROMISE,
      `${busy.length} callers over ${PLACES} places heard busy, at the latest ${most(busy)} ms after their INVITE`,
    );
    figure(
      PROMISE,
      `${referred.length} more were put through to the overflow destination, the REFER at the latest ${most(referred)} ms after their INVITE`,
    );
    figure(
      PROMISE,
      `longest hole that talking callers heard: ${hole(since, burst)} ms before, ${hole(burst, over)} ms meanwhile; longest time between two packets of sound ${late(since, burst)} and ${late(burst, over)} ms`,
    );
    if (LONG) {
      expect(most(busy)).toBeLessThan(5_000);
      expect(most(referred)).toBeLessThan(5_000);
      expect(hole(burst, over)).toBeLessThanOrEqual(Math.max(60, hole(since, burst)));
    }
    await hangUp(talking);
  });

  it('hear a goodbye where the overflow destination takes nobody, and the next one is answered when a place is free', async () => {
    const talking = await full();
    const call = await caller('crowded', [{ kind: 'refer', answer: { status: 486 } }, { kind: 'until_bye' }]);
    const { end_reason, history, transfers } = await call.ended();
    expect(end_reason).toEqual({ result: 'failed', reason: 'E_WORKER_FULL' });
    expect(transfers).toMatchObject([{ status: 'busy' }]);
    expect(lines(history)).toEqual(['agent: Please call again later. Goodbye.']);
    expect((await call.done()).passed).toBe(true);
    expect(call.earpiece.loudness(0)).toBeGreaterThan(100);

    await hangUp(talking);
    await allFree();
    await hangUp([await talker()]);
  });

  it('are joined with who is dialed for them', async (context) => {
    const talking = await full();
    const desk = await farEnd(context, { kind: 'answer', steps: [{ kind: 'cue' }, { kind: 'bye' }] });
    const call = await caller('crowded-line', [{ kind: 'until_bye' }], { 'X-Vars': `line=${desk.uri}` });
    expect(await call.ended()).toMatchObject({
      end_reason: { result: 'transferred', reason: 'E_WORKER_FULL' },
      transfers: [{ status: 'completed', method: 'bridge', to: desk.uri }],
    });
    await desk.sipp.cue();
    expect((await call.done()).passed, 'who is left is hung up').toBe(true);
    await hangUp(talking);
  });
});

it('a call that no worker takes is told busy', async () => {
  await board().stack.kill('worker');
  const calls = await Promise.all(
    Array.from({ length: CALLERS }, () => caller('scripted', [{ kind: 'until_bye' }])),
  );
  const busy = await Promise.all(calls.map(isBusy));
  figure(
    PROMISE,
    `without a worker ${busy.length} callers heard busy, at the latest ${most(busy)} ms after their INVITE`,
  );
  if (LONG) expect(most(busy)).toBeLessThan(5_000);
});
