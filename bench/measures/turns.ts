import { systemClock } from '../../base/clock.ts';
import { MODEL_TIME } from '../delays.ts';
import type { PhoneCall } from '../phone/calls.ts';
import type { SpokenTurn } from '../turns/make.ts';
import { ask, finished, greetedCalls } from './conversation.ts';
import type { Bench, Measure } from './measure.ts';

/** Milliseconds that an agent which spoke too early gets to come to rest. */
const REST = 2_000;
const REST_WITHIN = 15_000;
const THINKING = 500;

/** The labelled turns: how long after its real end each is answered, and how many are answered before that. */
export const turns: Measure = async (bench) => {
  const { stage, scale, samples, say } = bench;
  const chosen = bench.turns.slice(0, scale.turns);
  const calls = await greetedCalls(stage, 'turns', scale.turnCallers);
  try {
    await Promise.all(
      calls.all.map(async (call, n) => {
        for (const turn of chosen.filter((_, i) => i % calls.all.length === n)) await one(bench, call, turn);
      }),
    );
  } finally {
    await calls.end();
  }
  const cut = samples.of('turns.cut').filter(Boolean).length;
  say(
    `${chosen.length} turns: ${cut} were cut off, ${samples.of('turns.unanswered').filter(Boolean).length} not answered`,
  );
};

async function one({ stage, samples }: Bench, call: PhoneCall, turn: SpokenTurn): Promise<void> {
  const { line, uid } = call;
  const before = stage.models.askedOf(uid).length;
  const { said, answered, cut } = await ask(line, turn.audio);
  samples.add('turns.cut', cut ? 1 : 0);
  samples.add('turns.unanswered', answered === undefined && !cut ? 1 : 0);
  if (cut) await line.quiet(REST, REST_WITHIN);
  else if (answered !== undefined) samples.add('turns.overhead', answered - said.to - MODEL_TIME);
  await finished(line);
  samples.add('turns.asked', stage.models.askedOf(uid).length - before);
  await systemClock.sleep(THINKING);
}
