import { resample } from '../audio/resample.ts';
import type { Sound } from '../audio/wav.ts';

/** The text that stands for speech on a narrowband line: any model can make of it that the caller spoke and was not understood. */
export const UNHEARD = '[words on a narrowband line, not understood]';

const TELEPHONE_RATE = 8_000;
/** Twice the frequency above which a narrowband line has nothing left, with room for the filters of whoever converted it. */
const SPLIT_RATE = 10_000;
/** Part of the energy up there that even a soft voice has on a wideband line; what a narrowband one leaves is far less. */
const LEAST_HIGH_PART = 4e-5;
/** Mean square above which 20 ms of it are sound. */
const LOUD = 1e-5;
/** Seconds of sound that the band can be told by. */
const SHORTEST = 0.1;
/** How loud the mirrored band is, of the one that it mirrors. */
const MIRRORED = 0.15;

/** Seconds of sound in it, silence left out, and whether it came over an 8 kHz codec, whatever its rate is now: high up there is nothing then. */
export function lineOf(sound: Sound): { readonly narrowband: boolean; readonly seconds: number } {
  const low = sound.rate <= SPLIT_RATE ? sound : resample(resample(sound, SPLIT_RATE), sound.rate);
  const frame = Math.round(sound.rate / 50);
  let loudFrames = 0;
  let all = 0;
  let high = 0;
  for (let at = 0; at + frame <= low.samples.length; at += frame) {
    let energy = 0;
    let lost = 0;
    for (let i = at; i < at + frame; i++) {
      const sample = sound.samples[i] ?? 0;
      energy += sample ** 2;
      lost += (sample - (low.samples[i] ?? 0)) ** 2;
    }
    if (energy / frame < LOUD) continue;
    loudFrames += 1;
    all += energy;
    high += lost;
  }
  const seconds = loudFrames / 50;
  const nothingAbove = sound.rate <= TELEPHONE_RATE || high / all < LEAST_HIGH_PART;
  return { narrowband: seconds >= SHORTEST && nothingAbove, seconds };
}

/**
 * Narrowband speech at 16 kHz with its missing upper half made up: the lower half mirrored at 4 kHz, soft, as an upsampler without a filter
 * leaves it. Where there is a hissing sound below, there is one above, and a model of wideband speech finds it.
 */
export function fillUpperBand(sound: Sound): Sound {
  // Turning the sign of every second sample moves each frequency f to 8 kHz - f.
  return {
    ...sound,
    samples: sound.samples.map((sample, i) => sample * (i % 2 === 0 ? 1 + MIRRORED : 1 - MIRRORED)),
  };
}
