import { expect, it } from 'vitest';
import type { ChatRequest } from '../../doubles/model-server.ts';
import type { Switchboard } from '../switchboard.ts';
import { lines } from '../test-call.ts';

export function stepwise(board: () => Switchboard): void {
  it('goes on by rules and by goto_flow; the model knows the step it is in, and what was collected, and nothing else', async () => {
    const call = await board().call({
      agent: 'stepwise',
      turns: [
        { say: 'Nine digits.', call: [{ name: 'receive_dtmf', args: {} }] },
        {
          call: [
            { name: 'set_state', args: { reason: 'refund' } },
            { name: 'goto_flow', args: { flow: 'billing' } },
          ],
        },
        { say: 'I call somebody.', call: [{ name: 'transfer_call', args: {} }] },
        { say: 'They are busy.', call: [{ name: 'end_dialog', args: {} }] },
      ],
      steps: [
        { kind: 'cue' },
        { kind: 'press', digits: '123456789' },
        { kind: 'cue' },
        { kind: 'press', digits: '5' },
        { kind: 'refer', answer: { status: 486 } },
        { kind: 'until_bye' },
      ],
    });
    await call.threadWith('asks', ({ history }) => history.length >= 3);
    await call.cue();
    const greeted = await call.threadWith('has come to billing', ({ history }) =>
      lines(history).includes('agent: This is billing, for your refund.'),
    );
    expect(greeted).toMatchObject({ status: 'active', flow: 'billing' });
    expect(call.asked).toHaveLength(2);
    await call.cue();
    const thread = await call.ended();

    expect(call.asked.map(toolsOf)).toEqual([
      ['receive_dtmf'],
      ['goto_flow', 'set_state'],
      ['end_dialog', 'transfer_call'],
      ['end_dialog', 'transfer_call'],
    ]);
    const base = (account: string) => `You are on the call <${call.uid}>. The account is "${account}".\n\n\n`;
    expect(call.asked.map(instructionsOf)).toEqual([
      `${base('')}Ask for the account.\nGreet the caller.`,
      `${base('123456789')}Ask what 123456789 calls about.`,
      `${base('123456789')}Settle it.`,
      `${base('123456789')}Settle it.`,
    ]);
    // What was said between two steps is known to the model that goes on.
    expect(JSON.stringify(call.asked[1]?.messages)).toMatch(/Thank you\..*One moment, 123456789\./);
    const ways = call.asked[1]?.tools?.find(({ function: { name } }) => name === 'goto_flow')?.function;
    expect(ways?.parameters).toMatchObject({ properties: { flow: { enum: ['billing', 'orders'] } } });
    expect(ways?.description).toContain('billing: Invoices and refunds.\norders: Everything about orders.');

    expect(thread.flows.map(({ flow, by }) => `${flow} by ${by}`)).toEqual([
      'identify by start',
      'menu by rule',
      'billing by tool',
    ]);
    expect(thread).toMatchObject({ flow: 'billing', warnings: [] });
    expect(lines(thread.history)).toEqual([
      'agent: Welcome.',
      'agent: Nine digits.',
      'agent → receive_dtmf',
      'receive_dtmf ⇒ {"digits":"123456789","terminator":null,"ended_by":"count"}',
      'agent: Thank you.',
      'agent: One moment, 123456789.',
      'agent → set_state',
      'set_state ⇒ {"kept":["reason"]}',
      'agent → goto_flow',
      'goto_flow ⇒ {"flow":"billing"}',
      'agent: This is billing, for your refund.',
      'caller: [pressed 5]',
      'agent: I call somebody.',
      'agent → transfer_call',
      'agent: I am leaving you, 123456789.',
      expect.stringContaining('"status":"busy"'),
      'agent: They are busy.',
      'agent → end_dialog',
      'agent: I am leaving you, 123456789.',
      'end_dialog ⇒ {"ended":true}',
    ]);
    const headers = { 'x-account': '123456789', 'x-reason': 'refund' };
    expect(await call.told('REFER')).toEqual(headers);
    expect(await call.told('BYE')).toEqual(headers);
  });

  it('begins where a rule says, with the state that it sets; rules in circles are stopped, and other steps’ tools are not there', async () => {
    const call = await board().call({
      agent: 'stepwise',
      headers: { 'X-Tier': 'gold', 'X-Orders': 'many' },
      turns: [{ call: [{ name: 'end_dialog', args: {} }] }, { say: 'How is your day?' }],
      steps: [{ kind: 'cue' }, { kind: 'bye' }],
    });
    await call.threadWith('asks', ({ history }) => lines(history).includes('agent: How is your day?'));
    await call.cue();
    const thread = await call.ended();
    expect(thread).toMatchObject({ route: 'stepwise/known', flow: 'lounge', state: { tier: 'gold' } });
    expect(thread.flows.map(({ flow, by }) => `${flow} by ${by}`)).toEqual([
      'vip by start',
      'lounge by rule',
    ]);
    expect(thread.warnings.map(({ code, detail }) => `${code} ${detail}`)).toEqual([
      'E_STATE_REFUSED orders must be integer',
      'E_FLOW_LOOP vip → lounge → vip',
    ]);
    expect(lines(thread.history).slice(0, 2)).toEqual([
      'agent: Welcome.',
      'agent: This is the desk of our best.',
    ]);
    expect(call.asked.map(toolsOf)).toEqual([
      ['goto_flow', 'set_state'],
      ['goto_flow', 'set_state'],
    ]);
    expect(instructionsOf(call.asked[0])).toContain(
      'The caller has gold and  orders.\nAsk how their day is.',
    );
    expect(thread.outcome).toBeNull();
  });
}

function toolsOf({ tools = [] }: ChatRequest): string[] {
  return tools.map(({ function: { name } }) => name).sort();
}

function instructionsOf(request: ChatRequest | undefined): unknown {
  return request?.messages.find(({ role }) => role === 'system')?.content;
}
