import { expect, it } from 'vitest';
import type { Switchboard } from '../calls/switchboard.ts';
import { lines, type Turn } from '../calls/test-call.ts';
import { FIXED_HERTZ } from './sounds.ts';

/** A model that asks again where it is told to. */
const attentive: Turn = ({ messages }) => {
  if (messages.at(-1)?.content === '[pressed 5]') return { say: 'Five, then.' };
  const asks = JSON.stringify(messages).includes('said and pressed nothing');
  return { say: asks ? 'Still there?' : 'Hello there.' };
};

export function patience(board: () => Switchboard): void {
  it('whose caller is silent is asked again twice, and ends with a goodbye', async () => {
    const call = await board().call({
      agent: 'patient',
      turns: Array.from({ length: 9 }, () => attentive),
      steps: [{ kind: 'until_bye' }],
    });
    const { history, end_reason } = await call.ended();
    expect(lines(history)).toEqual([
      'agent: Hello there.',
      'agent: Still there?',
      'agent: Still there?',
      'agent: Nobody is there.',
    ]);
    expect(end_reason).toEqual({ result: 'abandoned', reason: 'silence' });
    expect(call.earpiece.toneOf(FIXED_HERTZ)).toBeGreaterThan(300);
    expect((await call.done()).passed).toBe(true);
  });

  it('whose caller presses a key in between has all of its patience back', async () => {
    const call = await board().call({
      agent: 'patient',
      turns: Array.from({ length: 9 }, () => attentive),
      steps: [{ kind: 'cue' }, { kind: 'press', digits: '5' }, { kind: 'until_bye' }],
    });
    await call.threadWith('asks again', ({ history }) => lines(history).includes('agent: Still there?'));
    await call.cue();
    const { history, end_reason } = await call.ended();
    const said = lines(history);
    expect(said.slice(said.indexOf('caller: [pressed 5]'))).toEqual([
      'caller: [pressed 5]',
      'agent: Five, then.',
      'agent: Still there?',
      'agent: Still there?',
      'agent: Nobody is there.',
    ]);
    expect(end_reason).toEqual({ result: 'abandoned', reason: 'silence' });
  });

  it('whose model cannot ask again asks by itself', async () => {
    const turn: Turn = ({ messages }) =>
      JSON.stringify(messages).includes('said and pressed nothing') ? { fail: 500 } : { say: 'Hello there.' };
    const call = await board().call({
      agent: 'patient',
      turns: Array.from({ length: 9 }, () => turn),
      steps: [{ kind: 'until_bye' }],
    });
    const { history, end_reason } = await call.ended();
    expect(lines(history)).toEqual([
      'agent: Hello there.',
      'agent: Are you still there?',
      'agent: Are you still there?',
      'agent: Nobody is there.',
    ]);
    expect(end_reason).toEqual({ result: 'abandoned', reason: 'silence' });
  });

  it('that grows too long is told so between two turns, and ends with a goodbye, also while digits are collected', async () => {
    const call = await board().call({
      agent: 'brief',
      turns: [
        { say: 'Hello.' },
        { say: 'Your number.', call: [{ name: 'receive_dtmf', args: { timeout: 60 } }] },
      ],
      steps: [{ kind: 'cue' }, { kind: 'press', digits: '5' }, { kind: 'until_bye' }],
    });
    await call.threadWith('warns', ({ history }) => lines(history).includes('agent: Time is short.'));
    await call.cue();
    const { history, end_reason } = await call.ended();
    expect(lines(history).filter((line) => line.startsWith('agent: '))).toEqual([
      'agent: Hello.',
      'agent: Time is short.',
      'agent: Your number.',
      'agent: Time is up.',
    ]);
    expect(end_reason).toEqual({ result: 'completed', reason: 'max_duration' });
    expect(call.earpiece.toneOf(FIXED_HERTZ)).toBeGreaterThan(700);
    expect((await call.done()).passed).toBe(true);
  });
}
