import { systemClock } from '../../base/clock.ts';
import { DELAYS } from '../delays.ts';
import { DIGITS } from '../dialogue.ts';
import { finished, greetedCalls, nextAsked } from './conversation.ts';
import type { Measure } from './measure.ts';

/** Milliseconds behind the model's answer after which a tool certainly collects: who asks the model ahead of time waits for the end of the turn before it does. */
const COLLECTING = 3_500;

/** Numbers that a caller types when the agent asks for them: from the first packet of the last digit until the model is told the result. */
export const digits: Measure = async ({ stage, scale, samples, turns, say, signal }) => {
  const calls = await greetedCalls(stage, 'digits', 1);
  try {
    const [call] = calls.all;
    if (!call) return;
    const { line } = call;
    const sentences = turns.filter(({ pause }) => pause === 0);
    for (let n = 0; n < scale.numbers; n++) {
      const asked = nextAsked(stage, call, 'caller');
      const sentence = sentences[n % sentences.length];
      if (!sentence) return;
      await line.say(sentence.audio);
      await asked;
      await systemClock.sleep(DELAYS.llm + COLLECTING, signal);
      const told = nextAsked(stage, call, 'tool');
      const began = await line.press(String(1_000_000 + n).slice(-DIGITS));
      const result = await told;
      samples.add('digits.lost', result ? 0 : 1);
      if (result) samples.add('digits.result', result.at - (began.at(-1) ?? NaN));
      await finished(line);
    }
  } finally {
    await calls.end();
  }
  say(`${samples.of('digits.result').length} of ${scale.numbers} numbers typed`);
};
