import { describe, expect, it } from 'vitest';
import { resample } from '../audio/resample.ts';
import type { Sound } from '../audio/wav.ts';
import { lineOf } from './bandwidth.ts';

/** A voice-like sound: harmonics of 120 Hz that grow weaker, up to `top` Hz. */
function voice(top: number, seconds = 1, loudness = 0.1): Sound {
  const rate = 24_000;
  const samples = new Float32Array(rate * seconds);
  for (let harmonic = 1; harmonic * 120 < top; harmonic++) {
    for (let i = 0; i < samples.length; i++)
      samples[i] =
        (samples[i] ?? 0) +
        (loudness / harmonic) * Math.sin((2 * Math.PI * 120 * harmonic * i) / rate + harmonic);
  }
  return { samples, rate };
}

describe('a line is narrowband', () => {
  it('when a voice has nothing above 4 kHz, at whatever rate it comes', () => {
    const narrow = resample(voice(3_900), 8_000);
    for (const rate of [8_000, 16_000, 24_000, 48_000])
      expect(lineOf(resample(narrow, rate)), String(rate)).toEqual({ narrowband: true, seconds: 1 });
  });

  it('but not when it has', () => {
    expect(lineOf(voice(7_000)).narrowband).toBe(false);
  });

  it('and not when there is nothing to tell by: silence, a click, hardly a sound', () => {
    for (const sound of [voice(3_000, 1, 0), voice(3_000, 0.05), voice(3_000, 1, 0.001)])
      expect(lineOf(sound).narrowband).toBe(false);
    expect(lineOf({ samples: new Float32Array(0), rate: 8_000 })).toEqual({ narrowband: false, seconds: 0 });
  });
});
