import { tone } from '../tests/doubles/tone.ts';

/** What the model server's voice sounds like, and how that is told on the wire. */
const VOICE_RATE = 24_000;

/** A greeting that tells which part of it was heard first: tones of 40 ms, each higher than the one before. */
export const STEPS = 15;
export const STEP_MS = 40;
const FIRST_STEP = 400;
const STEP_HERTZ = 100;
/** Words that the model server speaks as that. */
export const GREETING = 'Here is the staircase of tones.';

export function hertzOfStep(step: number): number {
  return FIRST_STEP + step * STEP_HERTZ;
}

/** Words that the model server speaks as one tone. */
export function toneText(hertz: number, ms: number): string {
  return `A tone of ${hertz} hertz for ${ms} milliseconds.`;
}

/** 16-bit samples at 24 kHz, as OpenAI's speech API gives them. */
export function spoken(text: string): Buffer {
  const [, hertz, ms] = /(\d+) hertz for (\d+)/.exec(text) ?? [];
  if (hertz !== undefined) return tone(Number(hertz), Number(ms), VOICE_RATE);
  const steps = Array.from({ length: STEPS }, (_, step) => tone(hertzOfStep(step), STEP_MS, VOICE_RATE));
  return Buffer.concat(steps);
}
