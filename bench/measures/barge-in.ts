import { systemClock } from '../../base/clock.ts';
import { NOISES } from '../noises.ts';
import { holesIn } from '../phone/heard.ts';
import type { Line } from '../phone/line.ts';
import { FRAME_MS } from '../phone/ticker.ts';
import { ask, greetedCalls } from './conversation.ts';
import type { Bench, Measure } from './measure.ts';

/** Milliseconds that the agent speaks before somebody talks into it. */
const SPEAKS = 1_200;
/** Without a sound for that long the agent has stopped. */
const STOPPED = 300;
const STOPS_WITHIN = 6_000;
/** Behind a noise a stop would come within that time; one that is longer than this is heard as one. */
const NOISE_WINDOW = 1_800;
const PAUSE = 150;

/** Callers who talk into the agent's sentence: until it is silent. And noises: how often it stops for one. */
export const bargeIn: Measure = async (bench) => {
  const { stage, scale, samples, say } = bench;
  const calls = await greetedCalls(stage, 'barge', 1);
  try {
    const [call] = calls.all;
    if (!call) return;
    for (let n = 0; n < scale.bargeIns; n++) {
      await noise(bench, call.line, n);
      await words(bench, call.line, n);
    }
  } finally {
    await calls.end();
  }
  const missed = samples.of('barge.missed').filter(Boolean).length;
  const fooled = samples.of('barge.false').filter(Boolean).length;
  say(`${scale.bargeIns} times talked into: ${missed} without effect; ${fooled} times stopped for a noise`);
};

async function words({ samples, turns }: Bench, line: Line, n: number): Promise<void> {
  const sentence = turns[n % turns.length];
  if (!sentence || !(await speaking(line, sentence.audio))) return;
  const saying = line.say(sentence.audio);
  const stopped = await line.quiet(STOPPED, STOPS_WITHIN);
  const silentAt = line.loudAt + FRAME_MS;
  const { from } = await saying;
  samples.add('barge.missed', stopped ? 0 : 1);
  if (stopped) samples.add('barge.silence', silentAt - from);
}

async function noise({ samples, turns }: Bench, line: Line, n: number): Promise<void> {
  const sentence = turns[n % turns.length];
  const made = NOISES[n % NOISES.length];
  if (!sentence || !made || !(await speaking(line, sentence.audio))) return;
  line.forget();
  const { from } = await line.say(made.audio);
  await systemClock.sleep(NOISE_WINDOW);
  const longest = holesIn(line.packets).at(-1)?.ms ?? 0;
  const silent = systemClock.now() - line.loudAt;
  samples.add('barge.false', longest > PAUSE || silent > PAUSE || line.loudAt < from ? 1 : 0);
}

/** Resolves when the agent is in the middle of a long sentence, asked for one where it is silent; false where it will not speak. */
async function speaking(line: Line, sentence: Buffer): Promise<boolean> {
  // What was said before may be answered by now; what is spoken already may be nearly over.
  await line.heardAfter(systemClock.now(), 4_000);
  if (systemClock.now() - line.loudAt > STOPPED) {
    const { answered } = await ask(line, sentence);
    if (answered === undefined) return false;
  }
  await systemClock.sleep(SPEAKS);
  return systemClock.now() - line.loudAt < STOPPED;
}
