import { systemClock } from '../../base/clock.ts';
import { memory, processorTime } from '../processes.ts';
import { settled } from '../subjects.ts';
import { greetedCalls } from './conversation.ts';
import type { Bench, Measure } from './measure.ts';
import { Talker } from './talk.ts';

/** Callers who talk while a worker is measured, and short calls that come at once. */
const TALKERS = 5;
const AT_ONCE = 5;
const WARM_UP = 5_000;
const WINDOW = 20_000;

/** Short calls, a thousand of them in the long form: what a call costs before and after. */
export const aging: Measure = async (bench) => {
  const { stage, scale, samples, worker, say, signal } = bench;
  samples.add('aging.before.processor', await costOfTalk(bench));
  await settled(worker, signal);
  const before = await memory(worker.pid);
  for (let had = 0; had < scale.agingCalls; had += AT_ONCE) {
    await (await greetedCalls(stage, 'burst', Math.min(AT_ONCE, scale.agingCalls - had))).end();
    if (had % 100 === 0) say(`${had} of ${scale.agingCalls} short calls`);
  }
  await settled(worker, signal);
  samples.add('aging.memory', (await memory(worker.pid)) - before);
  samples.add('aging.after.processor', await costOfTalk(bench));
};

/** Percent of a core for each of some callers who talk. */
async function costOfTalk({ stage, worker, turns, signal }: Bench): Promise<number> {
  const calls = await greetedCalls(stage, 'talk', TALKERS);
  const talkers = calls.all.map(({ line }) => new Talker(line));
  try {
    const sentences = turns.filter(({ pause }) => pause === 0).map(({ audio }) => audio);
    for (const talker of talkers) talker.begin(sentences);
    await systemClock.sleep(WARM_UP, signal);
    const [before, at] = [await processorTime(worker.pid), systemClock.now()];
    await systemClock.sleep(WINDOW, signal);
    return (100 * ((await processorTime(worker.pid)) - before)) / (systemClock.now() - at) / TALKERS;
  } finally {
    for (const talker of talkers) talker.end();
    await calls.end();
  }
}
