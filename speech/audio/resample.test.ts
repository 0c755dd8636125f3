import { describe, expect, it } from 'vitest';
import { resample } from './resample.ts';
import type { Sound } from './wav.ts';

const tone = (frequency: number, rate: number, seconds = 0.5): Sound => ({
  samples: Float32Array.from(
    { length: rate * seconds },
    (_, i) => 0.5 * Math.sin((2 * Math.PI * frequency * i) / rate),
  ),
  rate,
});

/** Mean square without the edges, where the filter lacks neighbours. */
function power({ samples }: Sound): number {
  const middle = samples.subarray(Math.floor(samples.length * 0.1), Math.floor(samples.length * 0.9));
  return middle.reduce((sum, sample) => sum + sample ** 2, 0) / middle.length;
}

const decibels = (part: number, whole: number) => 10 * Math.log10(part / whole + 1e-12);

describe('resample', () => {
  it.each([
    [16_000, 24_000, 440],
    [16_000, 24_000, 6_500],
    [24_000, 16_000, 1_000],
    [48_000, 16_000, 6_500],
    [44_100, 16_000, 3_000],
    [8_000, 16_000, 3_000],
    [22_050, 16_000, 700],
  ])('from %i to %i Hz keeps a tone of %i Hz where it is', (from, to, frequency) => {
    const got = resample(tone(frequency, from), to);
    const wanted = tone(frequency, to);
    expect(got.rate).toBe(to);
    expect(Math.abs(got.samples.length - wanted.samples.length)).toBeLessThanOrEqual(1);
    const error = { ...got, samples: got.samples.map((sample, i) => sample - (wanted.samples[i] ?? 0)) };
    expect(decibels(power(error), power(wanted))).toBeLessThan(-50);
  });

  it('down does not fold what the new rate cannot hold onto what it can', () => {
    const high = tone(11_000, 24_000);
    expect(decibels(power(resample(high, 16_000)), power(high))).toBeLessThan(-55);
  });

  it('leaves silence silent, an empty sound empty, and the same rate as it is', () => {
    expect(power(resample({ samples: new Float32Array(1_000), rate: 8_000 }, 16_000))).toBe(0);
    expect(resample({ samples: new Float32Array(0), rate: 8_000 }, 16_000).samples).toHaveLength(0);
    const sound = tone(440, 16_000);
    expect(resample(sound, 16_000)).toBe(sound);
  });
});
