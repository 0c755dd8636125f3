import { systemClock } from '../../base/clock.ts';
import { asAttendantError } from '../../base/errors.ts';
import type { Calls } from '../phone/calls.ts';
import { memory, processorTime } from '../processes.ts';
import { settled } from '../subjects.ts';
import { greetedCalls } from './conversation.ts';
import type { Bench, Measure } from './measure.ts';
import { Talker } from './talk.ts';

/** Milliseconds over which a worker without calls is watched. */
const IDLE_WINDOW = 5_000;
/** How often memory is looked at while callers talk: looking costs processor too. */
const MEMORY_LOOKS = 3;
/** A longer silence in a tone is heard as one. Milliseconds. */
const HOLE = 60;
/** So much of the last packets' parts of a tone may be softened away at its end. Milliseconds. */
const FADED = 100;
/** A step with a hole is tried once more: one hiccup of the machine is no limit of the worker. */
const TRIES = 2;

interface Taken {
  /** Share of a core. */
  readonly processor: number;
  /** Bytes. */
  readonly memory: number;
}

/** Callers who talk at once, more and more: processor and memory of each, and up to how many of them nobody hears a hole. */
export const load: Measure = async (bench) => {
  const { stage, scale, samples, say, signal } = bench;
  await settled(bench.worker, signal);
  const idle = await taken(bench, IDLE_WINDOW);
  samples.add('load.idle.processor', 100 * idle.processor);
  samples.add('load.idle.memory', idle.memory);
  const groups: Calls[] = [];
  const talkers: Talker[] = [];
  let clean = 0;
  let failed = false;
  try {
    for (const callers of scale.loads) {
      if (failed && callers > scale.loadsAtLeast) break;
      const more = await join(bench, callers - talkers.length, groups);
      if (!more) {
        say(`${callers} callers: not all are answered`);
        failed = true;
        break;
      }
      talkers.push(...more);
      await systemClock.sleep(scale.warmUp, signal);
      const isClean = await step(bench, talkers, idle);
      failed ||= !isClean;
      if (!failed) clean = callers;
    }
    samples.add('load.calls', clean);
  } finally {
    for (const talker of talkers) talker.end();
    for (const group of groups) await group.end();
    stage.ticker.takeLateness();
  }
};

/** Adds callers; undefined where one of them is not answered. */
async function join(bench: Bench, count: number, groups: Calls[]): Promise<Talker[] | undefined> {
  let calls: Calls;
  try {
    calls = await greetedCalls(bench.stage, 'talk', count);
  } catch (error) {
    bench.signal.throwIfAborted();
    bench.say(asAttendantError(error).message);
    return undefined;
  }
  groups.push(calls);
  const sentences = bench.turns.filter(({ pause }) => pause === 0).map(({ audio }) => audio);
  return calls.all.map(({ line }, n) => {
    const talker = new Talker(line);
    // Each has sentences of other lengths, so that they do not all talk in step.
    talker.begin([...sentences.slice(n), ...sentences.slice(0, n)]);
    return talker;
  });
}

/** Whether nobody heard a hole. */
async function step(bench: Bench, talkers: readonly Talker[], idle: Taken): Promise<boolean> {
  const { scale, samples, say, stage } = bench;
  const callers = talkers.length;
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const since = systemClock.now();
    stage.ticker.takeLateness();
    const { processor, memory: bytes } = await taken(bench, scale.window);
    const answers = await answersSince(bench, talkers, since);
    const longest = answers.map(({ holes }) => holes.at(-1)?.ms ?? 0);
    const holes = longest.filter((ms) => ms > HOLE).length;
    const lost = answers.filter(({ missing }) => missing > FADED).length;
    const each = (100 * (processor - idle.processor)) / callers;
    samples.add(`load.${callers}.processor`, each);
    samples.add(`load.${callers}.memory`, (bytes - idle.memory) / callers);
    samples.add(`load.${callers}.overhead`, ...answers.flatMap(({ overhead }) => overhead ?? []));
    samples.add(`load.${callers}.holes`, holes);
    samples.add(`load.${callers}.longest`, ...longest);
    const late = Math.max(0, ...stage.ticker.takeLateness());
    samples.add('clock.lateness', late);
    say(
      `${callers} callers talk: ${each.toFixed(1)} % of a core each, ${(bytes / 1e6).toFixed(0)} MB in all, ` +
        `${holes} of ${answers.length} answers with a hole (longest ${Math.max(0, ...longest).toFixed(0)} ms), ` +
        `the bench itself late by up to ${late} ms`,
    );
    if (holes === 0 && lost === 0 && answers.length > 0) return true;
  }
  return false;
}

/** The answers that began since then. There is one at least unless the agent is silent: a short window may fall between two. */
async function answersSince({ scale, signal }: Bench, talkers: readonly Talker[], since: number) {
  const end = systemClock.now() + 2 * scale.patience;
  for (;;) {
    const answers = talkers.flatMap((talker) => talker.answers.filter(({ at }) => at >= since));
    if (answers.length > 0 || systemClock.now() > end) return answers;
    await systemClock.sleep(200, signal);
  }
}

/** What the worker takes in the next so many milliseconds. */
async function taken({ worker, signal }: Bench, window: number): Promise<Taken> {
  const [before, at] = [await processorTime(worker.pid), systemClock.now()];
  let bytes = 0;
  for (let look = 0; look < MEMORY_LOOKS; look++) {
    await systemClock.sleep(window / MEMORY_LOOKS, signal);
    bytes += (await memory(worker.pid)) / MEMORY_LOOKS;
  }
  const processor = ((await processorTime(worker.pid)) - before) / (systemClock.now() - at);
  return { processor, memory: bytes };
}
