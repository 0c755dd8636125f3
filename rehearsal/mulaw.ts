import { halfRate } from './voice.ts';

const BIAS = 0x84;
const CLIP = 32_635;

/** 16-bit samples at 16 kHz as ITU-T G.711 u-law at 8 kHz. */
export function mulaw(samples: Buffer): Buffer {
  const narrow = halfRate(samples);
  const coded = Buffer.alloc(narrow.length / 2);
  for (let i = 0; i < coded.length; i++) coded[i] = encode(narrow.readInt16LE(i * 2));
  return coded;
}

/** Sign, exponent and mantissa of the biased magnitude, all bits inverted. */
function encode(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), CLIP) + BIAS;
  const exponent = Math.floor(Math.log2(magnitude)) - 7;
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

/** ITU-T G.711 u-law as 16-bit samples, at the same rate. */
export function linear(coded: Buffer): Buffer {
  const pcm = Buffer.alloc(coded.length * 2);
  for (const [i, byte] of coded.entries()) {
    const bits = ~byte & 0xff;
    const magnitude = ((((bits & 0x0f) << 3) + 0x84) << ((bits >> 4) & 0x07)) - 0x84;
    pcm.writeInt16LE(bits & 0x80 ? -magnitude : magnitude, i * 2);
  }
  return pcm;
}
