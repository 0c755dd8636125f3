import { expect, it } from 'vitest';
import { headerOf } from '../../../rehearsal/sip-trace.ts';
import { connectLiveKit } from '../../../livekit/client.ts';
import { until } from '../../until.ts';
import type { Switchboard } from '../switchboard.ts';
import { lastResult, lines } from '../test-call.ts';

const end = (args: unknown) => [{ name: 'end_dialog', args }];

export function endings(board: () => Switchboard): void {
  it('comes with an outcome that the model had to mend, a BYE, and no room left', async () => {
    const call = await board().call({
      turns: [
        { say: 'Goodbye.', call: end({ reason: 'fed up' }) },
        { call: end({ reason: 'resolved', satisfaction: 5, department: null }) },
      ],
      steps: [{ kind: 'until_bye' }],
    });
    const { passed, messages, errors } = await call.done();
    expect(errors).toBe('');
    expect(passed).toBe(true);
    const byes = messages.filter(({ method }) => method === 'BYE');
    expect(byes.map(({ direction }) => direction)).toEqual(['received']);
    // What the definition tells the PBX, and no header for what there is nothing to tell of.
    const told = ['x-outcome', 'x-call', 'x-department'].map((name) => byes[0] && headerOf(byes[0], name));
    expect(told).toEqual(['resolved 5', call.uid, undefined]);
    const thread = await call.ended();
    expect(lines(thread.history)).toEqual([
      'agent: Goodbye.',
      'agent → end_dialog',
      expect.stringMatching(/^end_dialog ⇒ .*E_TOOL_ARGUMENTS.*resolved, transferred/),
      'agent → end_dialog',
      'end_dialog ⇒ {"ended":true}',
    ]);
    expect(thread.outcome).toEqual({ reason: 'resolved', satisfaction: 5 });
    expect(thread.end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
    expect(call.asked).toHaveLength(2);
    const livekit = connectLiveKit(board().stack.config.livekit);
    await until('the room is gone', async () => {
      const rooms = await livekit.rooms.list(AbortSignal.timeout(5_000));
      return !rooms.some(({ name }) => name === thread.room);
    });
  });

  it('keeps the outcome when the caller hangs up during the goodbye', async () => {
    const goodbye = `Thank you very much for your call and ${'goodbye and '.repeat(12)}goodbye`;
    const call = await board().call({
      turns: [{ say: goodbye, call: end({ reason: 'resolved' }) }],
      steps: [{ kind: 'cue' }, { kind: 'bye' }],
    });
    await until('the goodbye is heard', () => call.earpiece.voiceSince() > 1_000);
    await call.cue();
    const thread = await call.ended();
    expect(thread.outcome).toEqual({ reason: 'resolved' });
    const said = thread.history[0]?.content ?? '';
    expect(lines(thread.history)).toEqual([
      `agent (interrupted): ${said}`,
      'agent → end_dialog',
      'end_dialog ⇒ {"ended":true}',
    ]);
    expect(goodbye.startsWith(said.trim())).toBe(true);
    expect(said.length).toBeLessThan(goodbye.length);
    expect(call.asked).toHaveLength(1);
  });

  it('does not come from a tool that is unknown or is given no JSON: the model is told', async () => {
    const call = await board().call({
      turns: [
        { say: 'A rocket.', call: [{ name: 'launch_rocket', args: {} }] },
        { say: 'Digits.', call: [{ name: 'receive_dtmf', args: '{"digits":' }] },
        { say: 'Neither works.' },
      ],
      steps: [{ kind: 'cue' }, { kind: 'bye' }],
    });
    const { history } = await call.threadWith('goes on', (thread) => thread.history.length >= 7);
    await call.cue();
    expect(lines(history)).toEqual([
      'agent: A rocket.',
      'agent → launch_rocket',
      expect.stringMatching(/^launch_rocket ⇒ .*E_TOOL_ARGUMENTS/),
      'agent: Digits.',
      'agent → receive_dtmf',
      expect.stringMatching(/^receive_dtmf ⇒ .*E_TOOL_ARGUMENTS/),
      'agent: Neither works.',
    ]);
  });

  it('comes at once, with 486, where there is no agent of that name', async () => {
    const call = await board().call({ agent: 'nobody-here', turns: [], steps: [{ kind: 'bye' }] });
    const { messages } = await call.done();
    const invited = messages.find(({ method }) => method === 'INVITE');
    const refused = messages.find(({ status = 0 }) => status >= 200);
    expect(refused?.status).toBe(486);
    // Not by the trunk’s ringing timeout of 120 s.
    expect((refused?.at ?? Infinity) - (invited?.at ?? 0)).toBeLessThan(60_000);
    const thread = await call.ended();
    expect(thread.end_reason).toEqual({ result: 'failed', reason: 'E_DEFINITION_NOT_FOUND' });
    expect(thread).toMatchObject({ answered_at: null, history: [], agent_version: '' });
  });

  it('that a model server which always fails forces on one call leaves its neighbour in the same process alone', async () => {
    const neighbour = await board().call({
      turns: [
        { say: 'Hello.', call: [{ name: 'receive_dtmf', args: { digits: 1 } }] },
        (request) => ({ say: `It was ${String(lastResult(request)['digits'])}.` }),
      ],
      steps: [{ kind: 'cue' }, { kind: 'press', digits: '6' }, { kind: 'cue' }, { kind: 'bye' }],
    });
    await neighbour.threadWith('waits for a digit', ({ history }) => history.length === 2);
    const failing = await board().call({
      turns: Array.from({ length: 50 }, () => ({ fail: 500 })),
      steps: [{ kind: 'until_bye' }],
    });
    const failed = await failing.ended();
    expect(failed.end_reason).toMatchObject({ result: 'failed', reason: 'E_MODEL_FAILED', part: 'llm' });
    expect((await failing.done()).passed).toBe(true);

    expect((await neighbour.thread())?.status).toBe('active');
    await neighbour.cue();
    await neighbour.threadWith('goes on', ({ history }) => history.length === 4);
    await neighbour.cue();
    const { history, end_reason } = await neighbour.ended();
    expect(lines(history).at(-1)).toBe('agent: It was 6.');
    expect(end_reason).toEqual({ result: 'abandoned', reason: 'caller_hung_up' });
  });
}
