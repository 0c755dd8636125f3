import { expect, it } from 'vitest';
import type { Switchboard } from '../switchboard.ts';
import { lastResult } from '../test-call.ts';

/** What a stranger would have the PBX read as headers of its own, and have us evaluate. */
const HOSTILE = 'now"\r\nX-Evil: 1\r\n\r\n<sip:evil@example.com>;tag=1 {{env.PATH}} {{uid}}';

export function collecting(board: () => Switchboard): void {
  it('is on the thread while the call runs, and the PBX is told of it with the REFER and with the BYE', async () => {
    const call = await board().call({
      agent: 'collecting',
      turns: [
        { say: 'Nine digits.', call: [{ name: 'receive_dtmf', args: {} }] },
        { call: [{ name: 'set_state', args: { reason: 'billing' } }] },
        {
          say: 'One moment.',
          call: [{ name: 'transfer_call', args: { handover: { note: 'Wants a refund.' } } }],
        },
        { say: 'They are busy. Goodbye.', call: [{ name: 'end_dialog', args: { done: true } }] },
      ],
      steps: [
        { kind: 'cue' },
        { kind: 'press', digits: '123456789' },
        { kind: 'refer', answer: { status: 486 } },
        { kind: 'until_bye' },
      ],
    });
    await call.threadWith('asks', ({ history }) => history.length >= 2);
    await call.cue();
    const state = { account: '123456789', reason: 'billing' };
    const running = await call.threadWith('has the state', (thread) => thread.state['reason'] !== undefined);
    expect(running).toMatchObject({ status: 'active', state });
    const thread = await call.ended();
    expect(thread.state).toEqual(state);
    expect(thread.transfers).toMatchObject([{ status: 'busy', handover: { note: 'Wants a refund.' } }]);
    expect(await call.told('REFER')).toEqual({
      'x-account': '123456789',
      'x-reason': 'billing',
      'x-note': 'Wants a refund.',
      'x-call': call.uid,
    });
    expect(await call.told('BYE')).toEqual({
      'x-account': '123456789',
      'x-reason': 'billing',
      'x-outcome': 'true',
    });
  });

  it('is one line of text in a header whatever it is, and is refused where it is too much', async () => {
    const call = await board().call({
      agent: 'collecting',
      turns: [
        { call: [{ name: 'set_state', args: { reason: 'x'.repeat(10_000) } }] },
        { call: [{ name: 'set_state', args: { account: '123456789' } }] },
        { call: [{ name: 'set_state', args: { reason: HOSTILE } }] },
        {
          say: 'One moment.',
          call: [{ name: 'transfer_call', args: { handover: { note: 'n'.repeat(1_024) } } }],
        },
      ],
      steps: [{ kind: 'refer', answer: { status: 202, notify: [100, 200] } }, { kind: 'until_bye' }],
    });
    expect(await call.done()).toMatchObject({ passed: true, errors: '' });
    const thread = await call.ended();
    expect(thread.end_reason).toEqual({ result: 'transferred', reason: 'transfer_call' });
    expect(call.asked.slice(1, 3).map(lastResult)).toMatchObject([
      { error: { code: 'E_TOOL_ARGUMENTS', message: 'reason must NOT have more than 1024 characters' } },
      { error: { code: 'E_TOOL_ARGUMENTS', message: 'the arguments must NOT have additional properties' } },
    ]);
    expect(thread.state).toEqual({ reason: HOSTILE });
    expect(await call.told('REFER')).toEqual({
      'x-reason': 'now"  X-Evil: 1    <sip:evil@example.com>;tag=1 {{env.PATH}} {{uid}}',
      'x-note': 'n'.repeat(512),
      'x-call': call.uid,
    });
  });
}
