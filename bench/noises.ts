import { mulaw } from '../rehearsal/mulaw.ts';

/** Sounds of callers and their surroundings that are no words: an agent should talk on. G.711 u-law, the same ones everywhere. */

/** Samples a second before coding. */
const RATE = 16_000;

/** A sequence of numbers between -1 and 1 that look random (the constants are those of C's rand). */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 1_073_741_824 - 1;
  };
}

/** @param shape loudness at each part of the sound, 0 to 1, of its time, 0 to 1. */
function sound(ms: number, seed: number, shape: (time: number) => number): Buffer {
  const next = noise(seed);
  const count = Math.round((ms * RATE) / 1_000);
  const samples = Buffer.alloc(count * 2);
  let soft = 0;
  for (let i = 0; i < count; i++) {
    // What is left of noise behind a simple low-pass, as throats and rooms make it.
    soft = 0.7 * soft + 0.3 * next();
    samples.writeInt16LE(Math.round(20_000 * soft * shape(i / count)), i * 2);
  }
  return mulaw(samples);
}

const fading = (time: number) => Math.exp(-5 * time);

export const NOISES: readonly { readonly name: string; readonly audio: Buffer }[] = [
  { name: 'cough', audio: sound(220, 1, fading) },
  { name: 'click', audio: sound(20, 2, () => 1) },
  { name: 'thump', audio: sound(90, 3, fading) },
  { name: 'breath', audio: sound(500, 4, (time) => 0.15 * Math.sin(Math.PI * time)) },
  {
    name: 'two coughs',
    audio: Buffer.concat([sound(160, 5, fading), Buffer.alloc(1_280, 0xff), sound(180, 6, fading)]),
  },
  { name: 'rustling', audio: sound(700, 7, (time) => 0.1 * Math.abs(Math.sin(23 * time))) },
];
