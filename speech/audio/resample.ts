import type { Sound } from './wav.ts';

/** Zero crossings of the sinc on each side: 60 dB and more of what would alias is gone, and speech keeps its band. */
const CROSSINGS = 24;
/** Where the filter's edge lies, as a part of the lower of the two Nyquist frequencies. */
const EDGE = 0.94;
/** More phases than these (odd rates) are rounded to them. */
const MOST_PHASES = 1_024;
const MOST_FILTERS = 16;

interface Filter {
  readonly phases: number;
  /** Taps before the current sample, itself included. */
  readonly half: number;
  /** `phases` rows of 2 × half taps. */
  readonly taps: Float32Array;
}

const filters = new Map<string, Filter>();

/**
 * The sound at another rate: band-limited interpolation by a polyphase windowed sinc (J. O. Smith, "Digital Audio Resampling"), so
 * that neither direction folds one frequency onto another.
 */
export function resample(sound: Sound, rate: number): Sound {
  if (sound.rate === rate) return sound;
  const { phases, half, taps } = filterFor(sound.rate, rate);
  const source = sound.samples;
  const length = Math.floor((source.length * rate) / sound.rate);
  const samples = new Float32Array(length);
  const step = sound.rate / rate;
  for (let n = 0; n < length; n++) {
    const at = n * step;
    let whole = Math.floor(at);
    let phase = Math.round((at - whole) * phases);
    if (phase === phases) {
      whole += 1;
      phase = 0;
    }
    const row = phase * 2 * half;
    const first = whole - half + 1;
    let sum = 0;
    for (let k = Math.max(0, -first); k < 2 * half && first + k < source.length; k++)
      sum += (source[first + k] as number) * (taps[row + k] as number);
    samples[n] = sum;
  }
  return { samples, rate };
}

function filterFor(from: number, to: number): Filter {
  const key = `${from}:${to}`;
  const known = filters.get(key);
  if (known) return known;
  const filter = design(from, to);
  if (filters.size >= MOST_FILTERS) filters.clear();
  filters.set(key, filter);
  return filter;
}

function design(from: number, to: number): Filter {
  const phases = Math.min(MOST_PHASES, to / greatestCommonDivisor(from, to));
  // Going down, the sinc is stretched, so that it cuts at the new Nyquist frequency.
  const cutoff = EDGE * Math.min(1, to / from);
  const half = Math.ceil(CROSSINGS / cutoff);
  const taps = new Float32Array(phases * 2 * half);
  for (let phase = 0; phase < phases; phase++) {
    let sum = 0;
    for (let k = 0; k < 2 * half; k++) {
      const distance = k - half + 1 - phase / phases;
      const tap = cutoff * sinc(cutoff * distance) * blackman(distance / half);
      taps[phase * 2 * half + k] = tap;
      sum += tap;
    }
    // A constant stays the constant that it was in every phase.
    const row = taps.subarray(phase * 2 * half, (phase + 1) * 2 * half);
    row.set(row.map((tap) => tap / sum));
  }
  return { phases, half, taps };
}

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** Blackman's window over -1 … 1. */
function blackman(x: number): number {
  if (Math.abs(x) >= 1) return 0;
  return 0.42 + 0.5 * Math.cos(Math.PI * x) + 0.08 * Math.cos(2 * Math.PI * x);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
