import { describe, it } from 'vitest';
import { switchboard } from '../calls/switchboard.ts';
import { until } from '../until.ts';
import { BRIEFING, told, transferring } from './far-ends.ts';
import { briefed, CALLER_HERTZ, DESK_HERTZ, heardOfEachOther, humming, joined, UNHEARD } from './humming.ts';

const board = switchboard();
const placed = humming(board);
const TRANSFERRED = { result: 'transferred', reason: 'transfer_call' };
const BACK = { result: 'completed', reason: 'end_dialog' };
const WITHIN = { within: 60_000 };
/** Milliseconds from the callee's key until both are heard: what is promised, on a machine that does nothing else (`npm run transfers`). */
const JOINED_WITHIN = 500;
/** What the agent `transfers` says to both. */
const INTRODUCTION = 'The two of you are on the line now.';
const MEASURED = process.env['MEASURED'] === '1';

describe.concurrent('a warm transfer', () => {
  it.for([
    ['answered at once', 0],
    ['that rings for five seconds', 5_000],
  ] as const)(
    '%s: neither hears the other before the key, both do right after it',
    async ([name, ring], context) => {
      const { expect } = context;
      const on = await placed(
        context,
        {
          kind: 'answer',
          ring,
          steps: [{ kind: 'cue' }, { kind: 'press', digits: '1' }, { kind: 'cue' }, { kind: 'bye' }],
        },
        [{ kind: 'until_bye' }],
        { to: 'unhurried' },
      );
      const { call, ear, desk } = on;
      const invite = await desk.until(({ method }) => method === 'INVITE', WITHIN);
      const ack = await desk.until(({ method }) => method === 'ACK', WITHIN);
      await briefed(on, ack.at);
      const cued = Date.now();
      await desk.cue();
      await joined(on);
      // Three on the line: the agent introduces the two, and leaves.
      for (const hearing of [ear, call.earpiece])
        await until(
          'the introduction is heard',
          () => hearing.voiceSince(cued) > INTRODUCTION.length * 60 * 0.7,
        );
      const thread = await call.ended();
      expect(thread.transfers).toMatchObject([{ status: 'completed', method: 'warm', cause: null }]);
      expect(thread.end_reason).toEqual(TRANSFERRED);
      const apart = heardOfEachOther(on, invite.at, cued);
      expect(apart.callerHeardByDesk).toBeLessThan(UNHEARD);
      expect(apart.deskHeardByCaller).toBeLessThan(UNHEARD);
      // The callee's leg joins the room first, then there is music until the end.
      expect(call.earpiece.loudness(invite.at + 2_000, cued)).toBeGreaterThan(200);
      const heard = {
        desk: ear.firstOf(CALLER_HERTZ, cued) - cued,
        caller: call.earpiece.firstOf(DESK_HERTZ, cued) - cued,
      };
      if (MEASURED) {
        console.log(`${name}: ${JSON.stringify({ ...apart, joinedAfter: heard })}`);
        expect(heard.desk).toBeLessThan(JOINED_WITHIN);
        expect(heard.caller).toBeLessThan(JOINED_WITHIN);
      }
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

  it('whose caller hangs up during the briefing hangs up the callee', async (context) => {
    const { expect } = context;
    const { call, desk, ear } = await placed(context, { kind: 'answer', steps: [{ kind: 'until_bye' }] }, [
      { kind: 'cue' },
      { kind: 'bye' },
    ]);
    const { at } = await desk.until(({ method }) => method === 'ACK', WITHIN);
    await until('the desk is being told', () => ear.voiceSince(at) > 500);
    await call.cue();
    expect((await desk.done()).passed).toBe(true);
    const thread = await call.ended();
    expect(thread.transfers).toMatchObject([{ status: 'canceled', cause: 'caller_hung_up' }]);
    expect(thread.end_reason).toEqual({ result: 'abandoned', reason: 'caller_hung_up' });
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
      {
        turns: (uri) => [
          ...transferring(uri).slice(0, 2),
          { say: 'Nobody is free.' },
          { say: 'We will.', call: [{ name: 'end_dialog', args: {} }] },
        ],
      },
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
