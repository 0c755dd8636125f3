/**
 * Encoder of ITU-T G.722 at 64 kbit/s, for SIPp, which can send this wideband codec but not make it. Two sub-bands, each coded
 * as differences to an adaptive prediction; the names of blocks are the recommendation's.
 */

const QMF = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];
const Q6 = [
  0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219,
  1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];
const LOW_NEGATIVE = [
  0, 63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7,
  6, 5, 4,
];
const LOW_POSITIVE = [
  0, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36,
  35, 34, 33, 32,
];
const WL = [-60, -30, 58, 172, 334, 538, 1198, 3042];
const RL42 = [0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0];
const ILB = [
  2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896, 2960,
  3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];
const QM4 = [
  0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
];
const QM2 = [-7408, -1616, 7408, 1616];
const WH = [0, -214, 798];
const RH2 = [2, 1, 2, 1];

/** 16-bit samples at 16 kHz as G.722: a byte for each two samples. */
export function g722(samples: Buffer): Buffer {
  const low = new Band(32, 18_432, 8);
  const high = new Band(8, 22_528, 10);
  const window = new Int32Array(24);
  const coded = Buffer.alloc(Math.floor(samples.length / 4));
  for (let n = 0; n < coded.length; n++) {
    window.copyWithin(0, 2);
    window[22] = samples.readInt16LE(n * 4);
    window[23] = samples.readInt16LE(n * 4 + 2);
    let [even, odd] = [0, 0];
    for (let i = 0; i < 12; i++) {
      odd += at(window, 2 * i) * at(QMF, i);
      even += at(window, 2 * i + 1) * at(QMF, 11 - i);
    }
    coded[n] = (encodeHigh(high, (even - odd) >> 14) << 6) | encodeLow(low, (even + odd) >> 14);
  }
  return coded;
}

/** Blocks 1L to 4L: six bits of the lower sub-band. */
function encodeLow(band: Band, sample: number): number {
  const difference = saturate(sample - band.s);
  const magnitude = difference >= 0 ? difference : -(difference + 1);
  let i = 1;
  while (i < 30 && magnitude >= (at(Q6, i) * band.det) >> 12) i++;
  const code = difference < 0 ? at(LOW_NEGATIVE, i) : at(LOW_POSITIVE, i);
  const quantized = (band.det * at(QM4, code >> 2)) >> 15;
  band.rescale(at(WL, at(RL42, code >> 2)));
  band.predict(quantized);
  return code;
}

/** Blocks 1H to 4H: two bits of the higher sub-band. */
function encodeHigh(band: Band, sample: number): number {
  const difference = saturate(sample - band.s);
  const magnitude = difference >= 0 ? difference : -(difference + 1);
  const large = magnitude >= (564 * band.det) >> 12;
  const code = difference < 0 ? (large ? 0 : 1) : large ? 2 : 3;
  const quantized = (band.det * at(QM2, code)) >> 15;
  band.rescale(at(WH, at(RH2, code)));
  band.predict(quantized);
  return code;
}

/** One sub-band's adaptive quantizer scale and predictor. */
class Band {
  /** The prediction of the next sample. */
  s = 0;
  /** The quantizer's scale. */
  det: number;
  #most: number;
  #shift: number;
  #nb = 0;
  #sz = 0;
  #r = new Int32Array(3);
  #p = new Int32Array(3);
  #a = new Int32Array(3);
  #b = new Int32Array(7);
  #d = new Int32Array(7);

  constructor(det: number, most: number, shift: number) {
    this.det = det;
    this.#most = most;
    this.#shift = shift;
  }

  /** Blocks LOGSCL and SCALEL (LOGSCH and SCALEH). */
  rescale(weight: number): void {
    this.#nb = Math.min(this.#most, Math.max(0, ((this.#nb * 127) >> 7) + weight));
    const mantissa = at(ILB, (this.#nb >> 6) & 31);
    const shift = this.#shift - (this.#nb >> 11);
    this.det = (shift < 0 ? mantissa << -shift : mantissa >> shift) << 2;
  }

  /** Block 4: adapts the predictor to the quantized difference and predicts the next sample. */
  predict(d: number): void {
    this.#d[0] = d;
    this.#r[0] = saturate(this.s + d);
    this.#p[0] = saturate(this.#sz + d);
    const [a1, a2] = this.#poles();
    const zeros = this.#zeros(d);
    for (let i = 6; i > 0; i--) {
      this.#d[i] = at(this.#d, i - 1);
      this.#b[i] = at(zeros, i);
    }
    for (const list of [this.#r, this.#p]) list.copyWithin(1, 0, 2);
    this.#a[1] = a1;
    this.#a[2] = a2;
    const sp = saturate(times(a1, saturate(2 * at(this.#r, 1))) + times(a2, saturate(2 * at(this.#r, 2))));
    let sz = 0;
    for (let i = 6; i > 0; i--) sz += times(at(this.#b, i), saturate(2 * at(this.#d, i)));
    this.#sz = saturate(sz);
    this.s = saturate(sp + this.#sz);
  }

  /** Blocks UPPOL2 and UPPOL1. */
  #poles(): [a1: number, a2: number] {
    const [now, before, earlier] = [at(this.#p, 0) >> 15, at(this.#p, 1) >> 15, at(this.#p, 2) >> 15];
    const wide = saturate(at(this.#a, 1) << 2);
    const turned = Math.min(32_767, now === before ? -wide : wide);
    const second = clamp(
      (turned >> 7) + (now === earlier ? 128 : -128) + times(at(this.#a, 2), 32_512),
      12_288,
    );
    const first = saturate((now === before ? 192 : -192) + times(at(this.#a, 1), 32_640));
    return [clamp(first, saturate(15_360 - second)), second];
  }

  /** Block UPZERO. */
  #zeros(d: number): number[] {
    const step = d === 0 ? 0 : 128;
    return Array.from(this.#b, (b, i) => {
      const same = at(this.#d, i) >> 15 === d >> 15;
      return saturate((same ? step : -step) + times(b, 32_640));
    });
  }
}

function at(list: ArrayLike<number>, index: number): number {
  return list[index] ?? 0;
}

function times(a: number, b: number): number {
  return (a * b) >> 15;
}

function clamp(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}

function saturate(value: number): number {
  return Math.max(-32_768, Math.min(32_767, value));
}
