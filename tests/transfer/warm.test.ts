import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it, type TestContext } from 'vitest';
import { mulaw } from '../../rehearsal/mulaw.ts';
import type { FarEnd } from '../../rehearsal/sipp-callee.ts';
import type { SippStep } from '../../rehearsal/sipp-scenario.ts';
import { type CallOptions, switchboard } from '../calls/switchboard.ts';
import { Earpiece } from '../doubles/earpiece.ts';
import { amplitudeOf, tone } from '../doubles/tone.ts';
import { until } from '../until.ts';
import { BRIEFING, farEnd, told, transferring } from './far-ends.ts';

const board = switchboard();
const TRANSFERRED = { result: 'transferred', reason: 'transfer_call' };
const BACK = { result: 'completed', reason: 'end_dialog' };
const WITHIN = { within: 60_000 };
const CALLER_HERTZ = 1_100;
const DESK_HERTZ = 1_700;
/** Milliseconds from the key; measured about 200, on a machine that does other things too. */
const JOINED_WITHIN = 8_000;
/** One thousandth: -60 dB. */
const UNHEARD = 0.001;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'attendant-tones-'));
  for (const hertz of [CALLER_HERTZ, DESK_HERTZ])
    writeFileSync(join(folder, `${hertz}.ulaw`), mulaw(tone(hertz, 60_000, 16_000)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A caller who hums in one pitch and a desk that hums in another, each heard by an earpiece. */
async function placed(
  context: TestContext,
  desk: FarEnd,
  steps: readonly SippStep[],
  turns?: (uri: string) => CallOptions['turns'],
) {
  const ear = await Earpiece.open();
  context.onTestFinished(() => ear.close());
  const callee = await farEnd(context, desk, {
    hearAt: ear.port,
    audio: join(folder, `${DESK_HERTZ}.ulaw`),
  });
  const call = await board().call({
    agent: 'transfers',
    turns: turns?.(callee.uri) ?? transferring(callee.uri),
    headers: { 'X-Vars': `warm=${callee.uri}` },
    steps: [{ kind: 'play', file: join(folder, `${CALLER_HERTZ}.ulaw`) }, ...steps],
  });
  return { call, ear, desk: callee.sipp, uri: callee.uri };
}

/** How much of the other's hum is in what an earpiece got, of the most that a hum can be. */
const share = (ear: Earpiece, hertz: number, since: number, before?: number) =>
  amplitudeOf(hertz, ear.samples(since, before), 8_000) / 8_000;

/** What is measured in decibels wants the machine to itself: `npm run transfers` sets it. */
const MEASURED = process.env['MEASURED'] === '1';

describe('a warm transfer', () => {
  it.runIf(MEASURED).for([
    ['answered at once', 0],
    ['that rings for five seconds', 3_500],
  ] as const)(
    '%s: neither hears the other before the key, both do right after it',
    async ([, ring], context) => {
      const { expect } = context;
      const { call, ear, desk } = await placed(
        context,
        {
          kind: 'answer',
          ring,
          steps: [{ kind: 'cue' }, { kind: 'press', digits: '1' }, { kind: 'cue' }, { kind: 'bye' }],
        },
        [{ kind: 'until_bye' }],
      );
      const invite = await desk.until(({ method }) => method === 'INVITE', WITHIN);
      const ack = await desk.until(({ method }) => method === 'ACK', WITHIN);
      await until('the desk is told', () => ear.voiceSince(ack.at) > BRIEFING.length * 60 * 0.7);
      await until('it has been told', () => ear.quietFor(1_000));
      const cued = Date.now();
      await desk.cue();
      const thread = await call.ended();
      expect(thread.transfers).toMatchObject([{ status: 'completed', method: 'warm', cause: null }]);
      expect(thread.end_reason).toEqual(TRANSFERRED);
      await until('the desk hears the caller', () => share(ear, CALLER_HERTZ, Date.now() - 300) > 0.3);
      await until(
        'the caller hears the desk',
        () => share(call.earpiece, DESK_HERTZ, Date.now() - 300) > 0.3,
      );
      const report = {
        callerHeardByDesk: share(ear, CALLER_HERTZ, ack.at, cued),
        deskHeardByCaller: share(call.earpiece, DESK_HERTZ, invite.at, cued),
        music: call.earpiece.loudness(invite.at + 500, cued),
        joinedDesk: ear.firstOf(CALLER_HERTZ, cued) - cued,
        joinedCaller: call.earpiece.firstOf(DESK_HERTZ, cued) - cued,
      };
      expect(report.callerHeardByDesk).toBeLessThan(UNHEARD);
      expect(report.deskHeardByCaller).toBeLessThan(UNHEARD);
      expect(report.joinedDesk).toBeLessThan(JOINED_WITHIN);
      expect(report.joinedCaller).toBeLessThan(JOINED_WITHIN);
      expect(report.music).toBeGreaterThan(200);
      await desk.cue();
      expect((await call.done()).passed).toBe(true);
    },
  );

  it.for([
    [
      'refuses by key',
      {
        kind: 'answer',
        steps: [{ kind: 'pause', ms: 1_500 }, { kind: 'press', digits: '2' }, { kind: 'until_bye' }],
      },
      'rejected',
      'callee_refused',
      null,
    ],
    [
      'hangs up',
      { kind: 'answer', steps: [{ kind: 'pause', ms: 1_500 }, { kind: 'bye' }] },
      'rejected',
      'callee_hung_up',
      null,
    ],
    ['says nothing', { kind: 'answer', steps: [{ kind: 'until_bye' }] }, 'no-answer', 'not_accepted', null],
    ['is busy', { kind: 'refuse', status: 486 }, 'busy', 'busy', 486],
    ['does not answer', { kind: 'ring' }, 'no-answer', 'no_answer', null],
  ] as const)(
    'whose callee %s: the caller is heard by the agent again',
    async ([, does, status, cause, sip_status], context) => {
      const { expect } = context;
      const { call, uri } = await placed(context, does, [{ kind: 'until_bye' }]);
      const thread = await call.ended();
      const attempt = { status, cause, sip_status, code: null, method: 'warm', to: uri };
      expect(thread.transfers).toMatchObject([attempt]);
      expect(thread.end_reason).toEqual(BACK);
      expect(told(call)).toBeDefined();
      expect((await call.done()).passed).toBe(true);
    },
  );

  it('whose caller hangs up cancels the ringing', async (context) => {
    const { expect } = context;
    const { call, desk } = await placed(context, { kind: 'ring' }, [{ kind: 'cue' }, { kind: 'bye' }]);
    await desk.until(({ method }) => method === 'INVITE', WITHIN);
    await call.cue();
    await desk.until(({ method }) => method === 'CANCEL', WITHIN);
    expect((await call.ended()).transfers).toMatchObject([{ status: 'canceled', cause: 'caller_hung_up' }]);
  });

  it('is taken by word as well', async (context) => {
    const { expect } = context;
    const yes = await board().sentence('yes I take it');
    const { call, desk, ear } = await placed(
      context,
      {
        kind: 'answer',
        steps: [{ kind: 'cue' }, { kind: 'play', file: yes }, { kind: 'cue' }, { kind: 'bye' }],
      },
      [{ kind: 'until_bye' }],
    );
    await until('the desk is told', () => ear.voiceSince() > BRIEFING.length * 60 * 0.7);
    await desk.cue();
    expect((await call.ended()).transfers).toMatchObject([{ status: 'completed', method: 'warm' }]);
    await desk.cue();
    expect((await call.done()).passed).toBe(true);
  });

  it('that is refused leaves the caller with an agent who hears what they say', async (context) => {
    const { expect } = context;
    const words = await board().sentence('then please call me back');
    const { call } = await placed(
      context,
      {
        kind: 'answer',
        steps: [{ kind: 'pause', ms: 1_000 }, { kind: 'press', digits: '2' }, { kind: 'until_bye' }],
      },
      [{ kind: 'cue' }, { kind: 'play', file: words }, { kind: 'until_bye' }],
      (uri) => [
        ...transferring(uri).slice(0, 2),
        { say: 'Nobody is free.' },
        { say: 'We will.', call: [{ name: 'end_dialog', args: {} }] },
      ],
    );
    await call.threadWith('has the refusal told', ({ history }) =>
      history.some((message) => message.content === 'Nobody is free.'),
    );
    await call.cue();
    const thread = await call.ended();
    expect(thread.history.filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual([
      'then please call me back',
    ]);
    expect(thread.end_reason).toEqual(BACK);
  });
});
