import { afterAll, describe, expect, it } from 'vitest';
import { switchboard } from '../calls/switchboard.ts';
import { lines, type Turn } from '../calls/test-call.ts';
import { VOICE_HERTZ } from '../doubles/model-server.ts';
import { REALTIME_HERTZ } from '../doubles/realtime-server.ts';
import { tone } from '../doubles/tone.ts';
import { APOLOGY, APOLOGY_HERTZ, promised, quietIn } from '../trouble/sounds.ts';
import { until } from '../until.ts';

const GOODBYE = 'Please call again later. Goodbye.';
const LONG =
  'There is a lot to be told about that and I will begin at the beginning which was a long time ago when nobody had a telephone ' +
  'and everybody who wanted to know something had to walk to the next village and ask there for somebody who knew';

/** One stack and one worker child for all of them; the calls run side by side. */
const board = switchboard({
  speak: (text) =>
    tone(text === APOLOGY ? APOLOGY_HERTZ : VOICE_HERTZ, Math.min(text.length, 50) * 40, 24_000),
});

describe.concurrent('a call that a realtime model answers', () => {
  it('greets by the voice, hears and speaks by the model, takes digits, and ends with an outcome', async () => {
    const file = await board().sentence('I have moved house');
    const call = await board().call({
      agent: 'spoken',
      turns: [
        { say: 'Type three digits, please.', call: [{ name: 'receive_dtmf', args: { digits: 3 } }] },
        { say: 'It is noted. Goodbye.', call: [{ name: 'end_dialog', args: { done: true } }] },
      ],
      steps: [
        { kind: 'cue' },
        { kind: 'play', file },
        { kind: 'cue' },
        { kind: 'press', digits: '123' },
        { kind: 'until_bye' },
      ],
    });
    await call.threadWith('has greeted', ({ history }) => history.length === 1);
    await call.cue();
    await call.threadWith('asks for digits', ({ history }) => history.length === 4);
    await call.cue();
    const thread = await call.ended();
    expect(lines(thread.history)).toEqual([
      'agent: Welcome to the desk.',
      'caller: I have moved house',
      'agent: Type three digits, please.',
      'agent → receive_dtmf',
      'receive_dtmf ⇒ {"digits":"123","terminator":null,"ended_by":"count"}',
      'agent: It is noted. Goodbye.',
      'agent → end_dialog',
      expect.stringMatching(/^end_dialog ⇒ /),
    ]);
    expect(thread).toMatchObject({
      outcome: { done: true },
      state: { account: '123' },
      end_reason: { result: 'completed', reason: 'end_dialog' },
      warnings: [],
    });
    const told = call.asked[1]?.messages.map(({ role, content }) => [role, content]);
    expect(told?.slice(1)).toEqual([
      ['user', 'I have moved house'],
      ['assistant', 'Welcome to the desk.'],
      ['assistant', 'Type three digits, please.'],
      ['assistant', undefined],
      ['tool', '{"digits":"123","terminator":null,"ended_by":"count"}'],
    ]);
    await call.done();
    expect(call.earpiece.toneOf(REALTIME_HERTZ)).toBeGreaterThan(1_000);
    expect(call.earpiece.toneOf(VOICE_HERTZ)).toBeGreaterThan(300);
  });

  it('puts the caller through', async () => {
    const file = await board().sentence('A person please');
    const call = await board().call({
      agent: 'spoken',
      turns: [
        {
          say: 'I am putting you through.',
          call: [{ name: 'transfer_call', args: { to: 'sip:support@company.com' } }],
        },
      ],
      steps: [
        { kind: 'cue' },
        { kind: 'play', file },
        { kind: 'refer', answer: { status: 202, notify: [100, 200] } },
        { kind: 'until_bye' },
      ],
    });
    await call.threadWith('has greeted', ({ history }) => history.length === 1);
    await call.cue();
    const { history, transfers, end_reason } = await call.ended();
    expect(lines(history).slice(0, 4)).toEqual([
      'agent: Welcome to the desk.',
      'caller: A person please',
      'agent: I am putting you through.',
      'agent → transfer_call',
    ]);
    expect(transfers).toEqual([
      expect.objectContaining({ status: 'completed', to: 'sip:support@company.com' }),
    ]);
    expect(end_reason).toMatchObject({ result: 'transferred' });
    await call.done();
  });

  it('greets by the model, asks again by it where nobody says anything, and gives up', async () => {
    const call = await board().call({
      agent: 'spoken-first',
      turns: [{ say: 'Hello, how can I help?' }, { say: 'Are you still there?' }],
      steps: [{ kind: 'until_bye' }],
    });
    const { history, end_reason } = await call.ended();
    expect(lines(history)).toEqual([
      'agent: Hello, how can I help?',
      'agent: Are you still there?',
      'agent: Nobody is there.',
    ]);
    expect(end_reason).toEqual({ result: 'abandoned', reason: 'silence' });
    const charges = call.asked.map(({ messages }) => String(messages[0]?.content));
    expect(charges).toEqual([
      expect.stringMatching(/on the call <[^]*Greet the caller\./),
      expect.stringMatching(/on the call <[^]*ask again what you asked last/),
    ]);
    await call.done();
  });

  it('falls silent when it is talked over, and the model knows no more of it than the caller heard', async () => {
    const [first, second] = [await board().sentence('Tell me all'), await board().sentence('That is enough')];
    const call = await board().call({
      agent: 'spoken',
      turns: [{ say: LONG }, { say: 'As you like.' }, { say: 'The key is in.' }],
      steps: [
        { kind: 'cue' },
        { kind: 'play', file: first },
        { kind: 'cue' },
        { kind: 'play', file: second },
        { kind: 'cue' },
        { kind: 'press', digits: '7' },
        { kind: 'cue' },
        { kind: 'bye' },
      ],
    });
    await call.threadWith('has greeted', ({ history }) => history.length === 1);
    await call.cue();
    await until('the story is heard', () => call.earpiece.toneOf(REALTIME_HERTZ) > 1_500);
    await call.cue();
    await call.threadWith('goes on', ({ history }) => history.length >= 5);
    await call.cue();
    const { history } = await call.threadWith('has the key', (thread) => thread.history.length >= 7);
    await call.cue();
    await call.ended();
    const story = history[2]?.content ?? '';
    expect(lines(history)).toEqual([
      'agent: Welcome to the desk.',
      'caller: Tell me all',
      `agent (interrupted): ${story}`,
      'caller: That is enough',
      'agent: As you like.',
      'caller: [pressed 7]',
      'agent: The key is in.',
    ]);
    expect(LONG.startsWith(story.trim()), story).toBe(true);
    expect(story.length).toBeLessThan(LONG.length * 0.8);
    const known = call.asked[2]?.messages.filter(({ role }) => role === 'assistant');
    const itsStory = known?.map(({ content }) => String(content)).find((text) => text.startsWith('There is'));
    // Cut by time on the server, by words here.
    expect(Math.abs((itsStory?.length ?? 0) - story.length)).toBeLessThan(20);
  });

  it('goes on with another connection where one is lost in the middle of a reply', async () => {
    const file = await board().sentence('Are you there');
    const again = { say: 'Here I am again.', call: [{ name: 'end_dialog', args: {} }] };
    let asked = 0;
    const turn: Turn = () => (asked++ === 0 ? { fail: 'reset half way', say: 'I am here ' } : again);
    const call = await board().call({
      agent: 'spoken',
      turns: [turn, turn],
      steps: [{ kind: 'cue' }, { kind: 'play', file }, { kind: 'until_bye' }],
    });
    await call.threadWith('has greeted', ({ history }) => history.length === 1);
    await call.cue();
    const { history, warnings, end_reason } = await call.ended();
    expect(lines(history)).toContain('caller: Are you there');
    expect(lines(history)).toContainEqual(expect.stringMatching(/^agent: .*Here I am again\.$/));
    expect(warnings).toContainEqual(expect.objectContaining({ detail: 'llm speaker: cut_off' }));
    expect(end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
    await call.done();
  });

  it.for(['reset', 'hang'] as const)(
    'apologizes within 5 s and ends where the server goes away for good (%s)',
    async (fail) => {
      const file = await board().sentence(`And what now ${fail}`);
      const call = await board().call({
        agent: 'spoken-unsteady',
        turns: Array.from({ length: 6 }, () => ({ fail })),
        steps: [{ kind: 'cue' }, { kind: 'play', file }, { kind: 'until_bye' }],
      });
      await call.threadWith('has greeted', ({ history }) => history.length === 1);
      const since = call.earpiece.voiceAt;
      await call.cue();
      const { history, end_reason } = await call.ended();
      const cause = fail === 'hang' ? 'timeout' : 'cut_off';
      expect(end_reason).toEqual({ result: 'failed', reason: 'E_MODEL_FAILED', part: 'llm', cause });
      expect(lines(history).slice(-2)).toEqual([`agent: ${APOLOGY}`, `agent: ${GOODBYE}`]);
      expect(call.earpiece.toneOf(APOLOGY_HERTZ)).toBeGreaterThan(500);
      expect(await quietIn(call, since)).toBeLessThan(promised() + 1_500);
    },
  );

  it('apologizes and ends where the server refuses it, and other calls of the process go on', async () => {
    const file = await board().sentence('Does anybody hear me');
    const call = await board().call({
      agent: 'unspoken',
      turns: [],
      steps: [{ kind: 'cue' }, { kind: 'play', file }, { kind: 'until_bye' }],
    });
    await call.threadWith('has greeted', ({ history }) => history.length === 1);
    await call.cue();
    const { history, warnings, end_reason } = await call.ended();
    expect(end_reason).toEqual({
      result: 'failed',
      reason: 'E_MODEL_FAILED',
      part: 'stt',
      cause: 'http_401',
    });
    expect(warnings[0]).toMatchObject({ detail: 'stt gpt-4o-mini-transcribe: http_401' });
    expect(lines(history)).toEqual(['agent: Welcome to the desk.', `agent: ${APOLOGY}`, `agent: ${GOODBYE}`]);
    expect(call.earpiece.toneOf(APOLOGY_HERTZ)).toBeGreaterThan(500);
    await call.done();
  });

  afterAll(() => {
    expect(board().models.realtime.errors).toEqual([]);
  });
});
