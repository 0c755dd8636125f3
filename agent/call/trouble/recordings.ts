import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pcm } from '../interjection.ts';

/** What the recordings say; how they were made stands in recordings/README.md. */
export const RECORDED = {
  filler: 'One moment, please.',
  apology: 'I am sorry, there is a technical problem here.',
  handover: 'I am putting you through to a colleague.',
  resumed: 'I am sorry, we were interrupted for a moment.',
  goodbye: 'Please call again later. Goodbye.',
} as const;

export type Recorded = keyof typeof RECORDED;

/** Bytes before the samples: the plain header that flite writes. */
const HEADER = 44;
const RATE_AT = 24;
const read = new Map<Recorded, Pcm>();

/** A shipped sentence, for a process that has no voice. */
export function recording(name: Recorded): Pcm {
  let pcm = read.get(name);
  if (!pcm) {
    const file = readFileSync(join(import.meta.dirname, 'recordings', `${name}.wav`));
    const samples = new Int16Array((file.length - HEADER) >> 1);
    for (let i = 0; i < samples.length; i++) samples[i] = file.readInt16LE(HEADER + i * 2);
    pcm = { samples, rate: file.readUInt32LE(RATE_AT) };
    read.set(name, pcm);
  }
  return pcm;
}
