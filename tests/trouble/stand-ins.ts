import { expect, it } from 'vitest';
import type { Switchboard } from '../calls/switchboard.ts';
import { lines, type Turn } from '../calls/test-call.ts';
import type { Fault } from '../doubles/model-server.ts';
import { END, promised, quietIn, STAND_IN_HERTZ } from './sounds.ts';

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
  'nonsense',
];

export function standIns(board: () => Switchboard): void {
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
}
