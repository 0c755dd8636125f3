import { expect, it } from 'vitest';
import { headerOf } from '../../../rehearsal/sip-trace.ts';
import type { Switchboard } from '../switchboard.ts';
import { lastResult, lines } from '../test-call.ts';

const BILLING = 'sip:billing@company.com';
const SUPPORT = 'sip:support@company.com';
const transfer = (to: string) => [{ name: 'transfer_call', args: { to } }];

export function transfers(board: () => Switchboard): void {
  it('refers the caller after its sentence, and the model is not asked again', async () => {
    const sentence = 'I transfer you to billing because this is about a refund.';
    const call = await board().call({
      turns: [{ say: sentence, call: transfer(BILLING) }],
      steps: [{ kind: 'refer', answer: { status: 202, notify: [100, 200] } }, { kind: 'until_bye' }],
    });
    const { passed, messages, errors } = await call.done();
    expect(errors).toBe('');
    expect(passed).toBe(true);
    const refers = messages.filter(({ method }) => method === 'REFER');
    expect(refers.map((refer) => headerOf(refer, 'refer-to'))).toEqual([`<${BILLING}>`]);
    // Played out: the sentence was on the wire before the REFER was, and nothing of it comes behind. (A slow machine loses some audio.)
    const length = sentence.length * 60;
    const after = call.earpiece.voiceSince(refers[0]?.at);
    expect(call.earpiece.voiceSince() - after).toBeGreaterThan(length * 0.6);
    expect(after).toBeLessThan(length * 0.1);

    const thread = await call.ended();
    expect(thread.end_reason).toEqual({ result: 'transferred', reason: 'transfer_call' });
    expect(thread.transfers).toMatchObject([
      { status: 'completed', method: 'refer', to: BILLING, cause: null, sip_status: null },
    ]);
    expect(lines(thread.history)).toEqual([
      `agent: ${sentence}`,
      'agent → transfer_call',
      `transfer_call ⇒ ${JSON.stringify(thread.transfers[0])}`,
    ]);
    expect(call.asked).toHaveLength(1);
  });

  it('that is refused leaves the caller with the agent, who is told how it was refused', async () => {
    const call = await board().call({
      turns: [
        { say: 'To support.', call: transfer(SUPPORT) },
        { say: 'To billing then.', call: transfer(BILLING) },
        { say: 'Nobody takes you. Press one.', call: [{ name: 'receive_dtmf', args: { digits: 1 } }] },
        { say: 'You are still here.' },
      ],
      steps: [
        { kind: 'refer', answer: { status: 603 } },
        { kind: 'refer', answer: { status: 405 } },
        { kind: 'cue' },
        { kind: 'press', digits: '1' },
        { kind: 'cue' },
        { kind: 'bye' },
      ],
    });
    await call.threadWith('asks for a key', ({ history }) => history.length >= 8);
    await call.cue();
    await call.threadWith('goes on', ({ history }) => history.length >= 10);
    await call.cue();
    expect(await call.done()).toMatchObject({ passed: true, errors: '' });
    const thread = await call.ended();
    const results = [
      { status: 'rejected', cause: 'rejected', sip_status: 603, method: 'refer', to: SUPPORT },
      { status: 'failed', cause: 'refer_unsupported', sip_status: 405, method: 'refer', to: BILLING },
    ];
    expect(thread.transfers).toMatchObject(results);
    expect(call.asked.slice(1, 3).map(lastResult)).toMatchObject(results);
    expect(lines(thread.history).at(-1)).toBe('agent: You are still here.');
    expect(thread.end_reason).toEqual({ result: 'abandoned', reason: 'caller_hung_up' });
  });

  it('goes nowhere that the definition does not list', async () => {
    const call = await board().call({
      turns: [{ say: 'To the stranger.', call: transfer('sip:stranger@example.com') }, { say: 'I may not.' }],
      steps: [{ kind: 'cue' }, { kind: 'bye' }],
    });
    await call.threadWith('says no', ({ history }) => history.length >= 4);
    await call.cue();
    const { messages } = await call.done();
    expect(messages.filter(({ method }) => method === 'REFER')).toEqual([]);
    const thread = await call.ended();
    expect(lines(thread.history)[2]).toMatch(/^transfer_call ⇒ .*E_TOOL_ARGUMENTS.*sip:support@company.com/);
    expect(thread.transfers).toEqual([]);
  });
}
