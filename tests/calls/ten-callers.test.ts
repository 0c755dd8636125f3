import { expect, it } from 'vitest';
import { VOICE_HERTZ } from '../doubles/model-server.ts';
import { tone } from '../doubles/tone.ts';
import { switchboard } from './switchboard.ts';
import { lastResult, lines } from './test-call.ts';

const SUBJECTS = 'apples bread candles doors eggs flowers gloves hats ink jars'.split(' ');
const callers = SUBJECTS.map((subject, n) => ({
  subject,
  number: Array.from({ length: 9 }, (_, i) => (n + i * 3) % 10).join(''),
  sentence: `please tell me something about ${subject}`,
  answer: `There are many ${subject} here.`,
  /** The agent's voice for this caller alone. */
  hertz: 600 + n * 100,
}));

/** The agent speaks to each caller with a voice of its own, so that a caller who hears a neighbour's agent would show. */
function speak(text: string): Buffer {
  const hertz = callers.find(({ answer }) => answer === text)?.hertz ?? VOICE_HERTZ;
  return tone(hertz, text.length * 60, 24_000);
}

const board = switchboard({ env: { ATTENDANT_CHILDREN: '1' }, speak });

it('ten callers at once, in one process, each have their own digits, words and voice, and none of a neighbour', async () => {
  const calls = await Promise.all(
    callers.map(async ({ number, sentence, answer }) => {
      const file = await board().sentence(sentence);
      const call = await board().call({
        turns: [
          { say: 'Type your number.', call: [{ name: 'receive_dtmf', args: { digits: 9 } }] },
          (request) => ({
            say: `You typed ${Array.from(String(lastResult(request)['digits'])).join(', ')}.`,
          }),
          { say: answer },
        ],
        steps: [
          { kind: 'cue' },
          { kind: 'press', digits: number },
          { kind: 'cue' },
          { kind: 'play', file },
          { kind: 'cue' },
          { kind: 'bye' },
        ],
      });
      return call;
    }),
  );
  await Promise.all(
    calls.map(async (call) => {
      await call.threadWith('asks for the number', ({ history }) => history.length === 2);
      await call.cue();
      await call.threadWith('has the read-back', ({ history }) => history.length === 4);
      await call.cue();
      await call.threadWith('has the answer', ({ history }) => history.length === 6);
    }),
  );
  // All ten are up together, in one child.
  const metrics = await board().metrics();
  expect(metrics.get('attendant_worker_children_registered')).toBe(1);
  expect(metrics.get('attendant_worker_child_calls')).toBe(callers.length);

  await Promise.all(
    calls.map(async (call, n) => {
      await call.cue();
      expect((await call.done()).passed).toBe(true);
      const { number, sentence, answer, hertz } = callers[n] ?? expect.unreachable();
      const thread = await call.ended();
      expect(thread.uid).toBe(call.uid);
      expect(thread.digits).toEqual([{ digits: number, terminator: null, ended_by: 'count' }]);
      expect(lines(thread.history)).toEqual([
        'agent: Type your number.',
        'agent → receive_dtmf',
        `receive_dtmf ⇒ {"digits":"${number}","terminator":null,"ended_by":"count"}`,
        `agent: You typed ${Array.from(number).join(', ')}.`,
        `caller: ${sentence}`,
        `agent: ${answer}`,
      ]);
      expect(thread.end_reason).toEqual({ result: 'abandoned', reason: 'caller_hung_up' });
      for (const neighbour of callers) {
        const heard = call.earpiece.toneOf(neighbour.hertz);
        // A machine that is too slow for ten loses some of the sound; none of it may come out at a neighbour's.
        if (neighbour.hertz === hertz) expect(heard).toBeGreaterThan(answer.length * 60 * 0.25);
        else expect(heard).toBeLessThan(100);
      }
    }),
  );
});
