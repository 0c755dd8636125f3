import { availableParallelism, loadavg } from 'node:os';
import { describe, expect, it } from 'vitest';
import { VOICE_HERTZ, type Fault } from '../doubles/model-server.ts';
import { tone } from '../doubles/tone.ts';
import { switchboard } from '../calls/switchboard.ts';
import { lines, type TestCall, type Turn } from '../calls/test-call.ts';

const RATE = 24_000;
const STAND_IN_HERTZ = 700;
const FILLER_HERTZ = 900;
const APOLOGY_HERTZ = 1_100;
const FILLER = 'One moment, please.';
const APOLOGY = 'I am sorry, there is a technical problem here.';
const LONGEST_QUIET = 5_000;

/** A fault of the speech model or of hearing is in what is said. */
const FAULT = /<(.*)>/;
const faultIn = (text: string): Fault | undefined => {
  const name = FAULT.exec(text)?.[1];
  if (name === undefined) return undefined;
  return /^\d+$/.test(name) ? Number(name) : (name as Fault);
};

const board = switchboard({
  env: { ATTENDANT_CHILDREN: '1' },
  speak: (text, model) => {
    const pitches: Record<string, number> = { [FILLER]: FILLER_HERTZ, [APOLOGY]: APOLOGY_HERTZ };
    const hertz = pitches[text] ?? (model === 'other' ? STAND_IN_HERTZ : VOICE_HERTZ);
    return tone(hertz, Math.min(text.length, 50) * 40, RATE);
  },
  mute: (text, model) => (model === 'broken' ? 'hang' : model === 'main' ? faultIn(text) : undefined),
  deaf: (text, model) => (model === 'main' ? faultIn(text) : undefined),
});

const END = [{ name: 'end_dialog', args: {} }];
const FAULTS: Fault[] = [
  500,
  429,
  'reset',
  'reset half way',
  'hang',
  'hang half way',
  'garbage',
  'empty',
  'idle',
];

/** Milliseconds that are allowed where 5 s are promised: on a machine that has more to do than it can, a second is not one. */
function promised(): number {
  return (loadavg()[0] ?? 0) > 1.5 * availableParallelism() ? 3 * LONGEST_QUIET : LONGEST_QUIET;
}

async function quietIn(call: TestCall, since?: number): Promise<number> {
  await call.done();
  return call.earpiece.longestQuiet(since);
}

describe.concurrent('the caller is not left in silence', () => {
  it.for(FAULTS)('when the chat model fails (%s): another replies', async (fault) => {
    const turn: Turn = ({ model }) =>
      model === 'main' ? { fail: fault } : { say: 'I stand in for the other one.', call: END };
    const call = await board().call({ agent: 'troubled', turns: [turn], steps: [{ kind: 'until_bye' }] });
    const { history, warnings, end_reason } = await call.ended();
    expect(end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
    expect(lines(history)).toContainEqual(expect.stringMatching(/^agent: .*I stand in for the other one\.$/));
    expect(warnings).toContainEqual(
      expect.objectContaining({
        code: 'E_MODEL_FAILED',
        detail: expect.stringMatching(/^llm main: /) as string,
      }),
    );
    expect(call.earpiece.voiceSince()).toBeGreaterThan(500);
    expect(await quietIn(call)).toBeLessThan(promised());
  });

  it.for(FAULTS.filter((fault) => fault !== 'idle'))(
    'when the speech model fails (%s): another says the sentence',
    async (fault) => {
      const turns = [{ say: `This is said by another voice <${fault}>.`, call: END }];
      const call = await board().call({ agent: 'troubled', turns, steps: [{ kind: 'until_bye' }] });
      const { warnings, end_reason } = await call.ended();
      expect(warnings).toContainEqual(
        expect.objectContaining({
          code: 'E_MODEL_FAILED',
          detail: expect.stringMatching(/^tts main: /) as string,
        }),
      );
      expect(end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
      expect(call.earpiece.toneOf(STAND_IN_HERTZ)).toBeGreaterThan(500);
      expect(await quietIn(call)).toBeLessThan(promised());
    },
  );

  it.for(FAULTS.filter((fault) => fault !== 429))(
    'when hearing fails (%s): another model understands the caller',
    async (fault) => {
      const file = await board().sentence(`Hello <${fault}>`);
      const call = await board().call({
        agent: 'troubled',
        turns: [{ say: 'Go on.' }, { say: 'That was understood.', call: END }],
        steps: [{ kind: 'cue' }, { kind: 'play', file }, { kind: 'until_bye' }],
      });
      await call.threadWith('has greeted', ({ history }) => history.length === 1);
      const since = call.earpiece.voiceAt;
      await call.cue();
      const { history, warnings, end_reason } = await call.ended();
      expect(lines(history)).toContain(`caller: Hello <${fault}>`);
      expect(warnings).toContainEqual(
        expect.objectContaining({
          code: 'E_MODEL_FAILED',
          detail: expect.stringMatching(/^stt main: /) as string,
        }),
      );
      expect(end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
      // The caller speaks for a second of it.
      expect(await quietIn(call, since)).toBeLessThan(promised() + 1_500);
    },
  );
});

describe.concurrent('when nobody stands in', () => {
  it.for<[Fault, string]>([
    ['hang', 'timeout'],
    [500, 'http_500'],
  ])('a chat model that fails (%s) ends the call with an apology', async ([fault, cause]) => {
    const turns: Turn[] = Array.from({ length: 9 }, () => ({ fail: fault }));
    const call = await board().call({ agent: 'forsaken', turns, steps: [{ kind: 'until_bye' }] });
    const { history, warnings, end_reason } = await call.ended();
    expect(end_reason).toEqual({ result: 'failed', reason: 'E_MODEL_FAILED', part: 'llm', cause });
    expect(warnings.map(({ code, detail }) => `${code} ${detail}`)).toEqual([
      `E_MODEL_FAILED llm main: ${cause}`,
      `E_MODEL_FAILED llm main: ${cause}`,
    ]);
    const said = lines(history);
    expect(said.slice(-2)).toEqual([`agent: ${APOLOGY}`, 'agent: Please call again later. Goodbye.']);
    expect(said.includes(`agent: ${FILLER}`)).toBe(fault === 'hang');
    expect(call.earpiece.toneOf(APOLOGY_HERTZ)).toBeGreaterThan(500);
    expect(await quietIn(call)).toBeLessThan(promised());
  });

  it('a chat model that calls tools which do not exist, and nothing else, ends the call with an apology', async () => {
    let called = 0;
    const turn: Turn = () => ({ call: [{ name: 'launch_rocket', args: { count: called++ } }] });
    const turns = Array.from({ length: 20 }, () => turn);
    const call = await board().call({ agent: 'forsaken', turns, steps: [{ kind: 'until_bye' }] });
    const { history, end_reason } = await call.ended();
    expect(end_reason).toEqual({ result: 'failed', reason: 'E_MODEL_FAILED', part: 'llm', cause: 'garbage' });
    expect(lines(history)).toContain(`agent: ${APOLOGY}`);
    expect(await quietIn(call)).toBeLessThan(promised());
  });

  it('a speech model that never worked leaves recordings to say so', async () => {
    const turns: Turn[] = [{ say: 'Nobody will hear this.' }];
    const call = await board().call({ agent: 'voiceless', turns, steps: [{ kind: 'until_bye' }] });
    const { history, end_reason } = await call.ended();
    expect(end_reason).toMatchObject({ result: 'failed', reason: 'E_MODEL_FAILED', part: 'tts' });
    expect(lines(history)).toEqual([
      `agent: ${FILLER}`,
      `agent: ${APOLOGY}`,
      'agent: Please call again later. Goodbye.',
    ]);
    expect(await quietIn(call)).toBeLessThan(promised());
    expect(call.earpiece.loudness(0)).toBeGreaterThan(100);
  });

  it('hearing that fails ends the call with an apology', async () => {
    const file = await board().sentence('Is anybody there <hang>');
    const call = await board().call({
      agent: 'forsaken',
      turns: [{ say: 'Go on.' }],
      steps: [{ kind: 'cue' }, { kind: 'play', file }, { kind: 'until_bye' }],
    });
    await call.threadWith('has greeted', ({ history }) => history.length === 1);
    const since = call.earpiece.voiceAt;
    await call.cue();
    const { end_reason } = await call.ended();
    expect(end_reason).toEqual({
      result: 'failed',
      reason: 'E_MODEL_FAILED',
      part: 'stt',
      cause: 'timeout',
    });
    expect(call.earpiece.toneOf(APOLOGY_HERTZ)).toBeGreaterThan(500);
    expect(await quietIn(call, since)).toBeLessThan(promised() + 1_500);
  });

  it('the caller is put through where the definition says to whom', async () => {
    const turns: Turn[] = Array.from({ length: 9 }, () => ({ fail: 500 }));
    const call = await board().call({
      agent: 'relieved',
      turns,
      steps: [{ kind: 'refer', answer: { status: 202, notify: [100, 200] } }, { kind: 'until_bye' }],
    });
    const { transfers, end_reason, history } = await call.ended();
    expect(end_reason).toMatchObject({ result: 'transferred', reason: 'E_MODEL_FAILED', part: 'llm' });
    expect(transfers).toEqual([expect.objectContaining({ status: 'completed', to: 'sip:desk@company.com' })]);
    expect(lines(history)).toEqual([`agent: ${APOLOGY}`, 'agent: I am putting you through to a colleague.']);
    await call.done();
  });

  it('a chat model that fails once is asked once more, and the call goes on', async () => {
    let asked = 0;
    const turn: Turn = () => (asked++ === 0 ? { fail: 500 } : { say: 'Here I am again.', call: END });
    const call = await board().call({ agent: 'forsaken', turns: [turn], steps: [{ kind: 'until_bye' }] });
    const { history, warnings, end_reason } = await call.ended();
    expect(lines(history)[0]).toBe('agent: Here I am again.');
    expect(warnings).toEqual([expect.objectContaining({ detail: 'llm main: http_500' })]);
    expect(end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
    await call.done();
  });
});
