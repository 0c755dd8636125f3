import { expect, it } from 'vitest';
import { until } from '../../until.ts';
import type { Switchboard } from '../switchboard.ts';
import { lastResult, lines } from '../test-call.ts';

const LONG =
  'Please type your customer number now it stands on the upper right of every letter that we have sent to you in the ' +
  'last years and on the back of your card and it has five digits of which the first is never a zero';

export function keypad(board: () => Switchboard): void {
  it('ends a collection at the last digit; the pound behind it disturbs nothing', async () => {
    const readBack = 'You typed one, two, three. Is that correct?';
    const call = await board().call({
      turns: [
        { say: 'Three digits.', call: [{ name: 'receive_dtmf', args: { digits: 3 } }] },
        { say: readBack },
      ],
      steps: [{ kind: 'cue' }, { kind: 'press', digits: '123#' }, { kind: 'cue' }, { kind: 'bye' }],
    });
    await call.threadWith('has the call', ({ history }) => history.length === 2);
    await call.cue();
    await call.threadWith('has the read-back', ({ history }) => history.length === 4);
    await call.cue();
    const thread = await call.ended();
    expect(lines(thread.history)).toEqual([
      'agent: Three digits.',
      'agent → receive_dtmf',
      'receive_dtmf ⇒ {"digits":"123","terminator":null,"ended_by":"count"}',
      `agent: ${readBack}`,
    ]);
    expect(call.asked[1] && lastResult(call.asked[1])).toMatchObject({ digits: '123', ended_by: 'count' });
    expect(thread.end_reason).toEqual({ result: 'abandoned', reason: 'caller_hung_up' });
  });

  it('ends a collection at pound, and starts it over at star', async () => {
    const call = await board().call({
      turns: [{ say: 'Your number.', call: [{ name: 'receive_dtmf', args: {} }] }, { say: 'Thanks.' }],
      steps: [{ kind: 'cue' }, { kind: 'press', digits: '98*4715#' }, { kind: 'cue' }, { kind: 'bye' }],
    });
    await call.threadWith('has the call', ({ history }) => history.length === 2);
    await call.cue();
    await call.threadWith('has the thanks', ({ history }) => history.length === 4);
    await call.cue();
    expect((await call.ended()).digits).toEqual([
      { digits: '4715', terminator: '#', ended_by: 'terminator' },
    ]);
  });

  it('ends a collection when nothing comes any more, empty or with what there is', async () => {
    const ask = (say: string, timeout: number) => ({
      say,
      call: [{ name: 'receive_dtmf', args: { digits: 4, timeout } }],
    });
    const call = await board().call({
      agent: 'hurried',
      turns: [ask('Four digits.', 1), ask('Once more.', 60), { say: 'Well.' }],
      steps: [{ kind: 'cue' }, { kind: 'press', digits: '7' }, { kind: 'cue' }, { kind: 'bye' }],
    });
    await call.threadWith('asks again', ({ history }) => history.length === 5);
    await call.cue();
    await call.threadWith('is through', ({ history }) => history.length === 7);
    await call.cue();
    expect((await call.ended()).digits).toEqual([
      { digits: '', terminator: null, ended_by: 'timeout' },
      { digits: '7', terminator: null, ended_by: 'timeout' },
    ]);
  });

  it('takes what is typed during the prompt, and the agent falls silent at the first key', async () => {
    const call = await board().call({
      turns: [{ say: LONG, call: [{ name: 'receive_dtmf', args: { digits: 5 } }] }, { say: 'Thank you.' }],
      steps: [{ kind: 'cue' }, { kind: 'press', digits: '90412' }, { kind: 'cue' }, { kind: 'bye' }],
    });
    await until('the prompt is heard', () => call.earpiece.voiceSince() > 1_500);
    await call.cue();
    const { history } = await call.threadWith('has thanks', (thread) => thread.history.length >= 4);
    const spoken = call.earpiece.voiceSince();
    await call.cue();
    const prompt = history[0]?.content ?? '';
    expect(lines(history)).toEqual([
      `agent (interrupted): ${prompt}`,
      'agent → receive_dtmf',
      'receive_dtmf ⇒ {"digits":"90412","terminator":null,"ended_by":"count"}',
      'agent: Thank you.',
    ]);
    expect(LONG.startsWith(prompt.trim()), prompt).toBe(true);
    expect(prompt.length).toBeLessThan(LONG.length * 0.8);
    expect(spoken).toBeLessThan(LONG.length * 60 * 0.8);
  });

  it('ends a collection when the caller talks instead; the model hears the words, and the same words later are a turn', async () => {
    const text = 'I do not have it here';
    const [first, second] = [await board().sentence(text), await board().sentence(text)];
    const call = await board().call({
      turns: [
        { say: 'Your number.', call: [{ name: 'receive_dtmf', args: { digits: 5 } }] },
        { say: 'Why is that?' },
        { say: 'I see.' },
      ],
      steps: [
        { kind: 'cue' },
        { kind: 'play', file: first },
        { kind: 'cue' },
        { kind: 'play', file: second },
        { kind: 'cue' },
        { kind: 'bye' },
      ],
    });
    await call.threadWith('has the call', ({ history }) => history.length === 2);
    await call.cue();
    await call.threadWith('asks back', ({ history }) => history.length === 5);
    await call.cue();
    const { history } = await call.threadWith('is answered', (thread) => thread.history.length >= 7);
    await call.cue();
    expect(lines(history).filter((line) => !line.startsWith('agent →'))).toEqual([
      'agent: Your number.',
      `caller: ${text}`,
      'receive_dtmf ⇒ {"digits":"","terminator":null,"ended_by":"speech"}',
      'agent: Why is that?',
      `caller: ${text}`,
      'agent: I see.',
    ]);
    expect(call.asked[1]?.messages.filter(({ role }) => role === 'user')).toMatchObject([{ content: text }]);
  });

  it('gives the model keys that no tool asked for', async () => {
    const call = await board().call({
      turns: [{ say: 'How can I help?' }, { say: 'You pressed one.' }],
      steps: [{ kind: 'cue' }, { kind: 'press', digits: '1' }, { kind: 'cue' }, { kind: 'bye' }],
    });
    await call.threadWith('has a question', ({ history }) => history.length === 1);
    await call.cue();
    const { history } = await call.threadWith('has an answer', (thread) => thread.history.length >= 3);
    await call.cue();
    expect(lines(history)).toEqual([
      'agent: How can I help?',
      'caller: [pressed 1]',
      'agent: You pressed one.',
    ]);
    expect(call.asked[1]?.messages.at(-1)).toMatchObject({ role: 'user', content: '[pressed 1]' });
  });

  it('serves two tools of one turn one after the other', async () => {
    const one = { name: 'receive_dtmf', args: { digits: 1 } };
    const call = await board().call({
      turns: [{ say: 'Two things.', call: [one, one] }, { say: 'Both are in.' }],
      steps: [{ kind: 'cue' }, { kind: 'press', digits: '42' }, { kind: 'cue' }, { kind: 'bye' }],
    });
    await call.threadWith('has a call', ({ history }) => history.length >= 2);
    await call.cue();
    const { history } = await call.threadWith('has an answer', (thread) => thread.history.length >= 6);
    await call.cue();
    expect(lines(history)).toEqual([
      'agent: Two things.',
      'agent → receive_dtmf',
      'receive_dtmf ⇒ {"digits":"4","terminator":null,"ended_by":"count"}',
      'agent → receive_dtmf',
      'receive_dtmf ⇒ {"digits":"2","terminator":null,"ended_by":"count"}',
      'agent: Both are in.',
    ]);
    expect(call.asked).toHaveLength(2);
    expect(call.asked[1]?.messages.filter(({ role }) => role === 'tool')).toHaveLength(2);
  });

  it('is pressed by send_dtmf: the keys come in on the line', async () => {
    const call = await board().call({
      turns: [
        { say: 'One moment.', call: [{ name: 'send_dtmf', args: { digits: '1w2#D' } }] },
        { say: 'Done.' },
      ],
      steps: [{ kind: 'cue' }, { kind: 'bye' }],
    });
    const { history } = await call.threadWith('is done', (thread) => thread.history.length >= 4);
    await call.cue();
    expect(lines(history)).toEqual([
      'agent: One moment.',
      'agent → send_dtmf',
      'send_dtmf ⇒ {"sent":"1w2#D"}',
      'agent: Done.',
    ]);
    expect(call.earpiece.keys).toBe('12#D');
  });
}
