import { resample } from '../audio/resample.ts';
import type { Sound } from '../audio/wav.ts';

/** The text that stands for speech on a narrowband line: any model can make of it that the caller spoke and was not understood. */
export const UNHEARD = '[words on a narrowband line, not understood]';

const TELEPHONE_RATE = 8_000;
/** Part of the energy above 4 kHz that even a soft voice has on a wideband leg; what a narrowband leg leaves there is far less. */
const LEAST_HIGH_PART = 4e-5;
/** Mean square above which 20 ms of it are sound. */
const LOUD = 1e-5;
/** Seconds of sound that are words rather than a click or a cough. */
const SHORTEST_WORDS = 0.4;

/**
 * True for words that came over an 8 kHz codec, whatever rate they have now: above 4 kHz there is nothing. The model for 16 kHz
 * recognizes none of them.
 */
export function isNarrowbandSpeech(sound: Sound): boolean {
  const frame = Math.round(sound.rate / 50);
  const narrow = sound.rate <= TELEPHONE_RATE ? sound : resample(resample(sound, TELEPHONE_RATE), sound.rate);
  let loudFrames = 0;
  let all = 0;
  let high = 0;
  for (let at = 0; at + frame <= narrow.samples.length; at += frame) {
    let energy = 0;
    let lost = 0;
    for (let i = at; i < at + frame; i++) {
      const sample = sound.samples[i] ?? 0;
      energy += sample ** 2;
      lost += (sample - (narrow.samples[i] ?? 0)) ** 2;
    }
    if (energy / frame < LOUD) continue;
    loudFrames += 1;
    all += energy;
    high += lost;
  }
  if (loudFrames / 50 < SHORTEST_WORDS) return false;
  return sound.rate <= TELEPHONE_RATE || high / all < LEAST_HIGH_PART;
}
