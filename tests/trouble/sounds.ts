import { availableParallelism, loadavg } from 'node:os';
import type { SwitchboardOptions } from '../calls/switchboard.ts';
import type { TestCall } from '../calls/test-call.ts';
import { VOICE_HERTZ, type Fault } from '../doubles/model-server.ts';
import { tone } from '../doubles/tone.ts';

const RATE = 24_000;
export const STAND_IN_HERTZ = 700;
const FILLER_HERTZ = 900;
export const APOLOGY_HERTZ = 1_100;
export const FILLER = 'One moment, please.';
export const APOLOGY = 'I am sorry, there is a technical problem here.';
const LONGEST_QUIET = 5_000;

/** A fault of the speech model or of hearing is in what is said. */
const FAULT = /<(.*)>/;
const faultIn = (text: string): Fault | undefined => {
  const name = FAULT.exec(text)?.[1];
  if (name === undefined) return undefined;
  return /^\d+$/.test(name) ? Number(name) : (name as Fault);
};

/** What definitions of these tests say by themselves. */
export const FIXED_HERTZ = 800;
const FIXED = ['Nobody is there.', 'Time is short.', 'Time is up.'];

/** A model server whose voices tell who speaks, and whose parts fail where what is said says so. */
export const options: SwitchboardOptions = {
  speak: (text, model) => {
    const pitches: Record<string, number> = { [FILLER]: FILLER_HERTZ, [APOLOGY]: APOLOGY_HERTZ };
    for (const fixed of FIXED) pitches[fixed] = FIXED_HERTZ;
    const hertz = pitches[text] ?? (model === 'other' ? STAND_IN_HERTZ : VOICE_HERTZ);
    return tone(hertz, Math.min(text.length, 50) * 40, RATE);
  },
  mute: (text, model) => (model === 'broken' ? 'hang' : model === 'main' ? faultIn(text) : undefined),
  deaf: (text, model) => (model === 'main' ? faultIn(text) : undefined),
};

/** Milliseconds that are allowed where 5 s are promised: on a machine that has more to do than it can, a second is not one. */
export function promised(): number {
  return (loadavg()[0] ?? 0) > 1.5 * availableParallelism() ? 3 * LONGEST_QUIET : LONGEST_QUIET;
}

export async function quietIn(call: TestCall, since?: number): Promise<number> {
  await call.done();
  return call.earpiece.longestQuiet(since);
}

export const END = [{ name: 'end_dialog', args: {} }];
