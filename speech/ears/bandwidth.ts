import { resample } from '../audio/resample.ts';
import type { Sound } from '../audio/wav.ts';

const TELEPHONE_RATE = 8_000;
/** Part of the energy above 4 kHz that even a soft voice has on a wideband leg; what a narrowband leg leaves there is far less. */
const LEAST_HIGH_PART = 4e-5;
/** Mean square below which there is nothing to tell by. */
const SILENT = 1e-6;

/**
 * True for speech that came over an 8 kHz codec, whatever rate it has now: above 4 kHz there is nothing. The model for 16 kHz
 * recognizes none of it.
 */
export function isNarrowband(sound: Sound): boolean {
  if (sound.rate <= TELEPHONE_RATE) return true;
  const narrow = resample(resample(sound, TELEPHONE_RATE), sound.rate);
  let all = 0;
  let high = 0;
  // The first and last samples lack neighbours for the filter.
  const edge = Math.min(sound.rate / 50, narrow.samples.length / 4);
  for (let i = Math.ceil(edge); i < narrow.samples.length - edge; i++) {
    const sample = sound.samples[i] ?? 0;
    all += sample ** 2;
    high += (sample - (narrow.samples[i] ?? 0)) ** 2;
  }
  return all / sound.samples.length > SILENT && high / all < LEAST_HIGH_PART;
}
