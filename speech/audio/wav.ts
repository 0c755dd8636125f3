/** Sound as numbers between -1 and 1, one channel. */
export interface Sound {
  readonly samples: Float32Array;
  /** Samples a second. */
  readonly rate: number;
}

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

const SLOWEST = 4_000;
const FASTEST = 192_000;
const MOST_CHANNELS = 8;

interface Format {
  readonly kind: number;
  readonly channels: number;
  readonly rate: number;
  readonly bits: number;
  readonly frameBytes: number;
}

/** A file that is no WAV, or one that cannot be read here; the message says why. */
export class NotWav extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotWav';
  }
}

/**
 * Reads a RIFF WAVE file: integer PCM of 8 to 32 bits or 32-bit float, plain or "extensible", any number of channels (mixed down to one). A
 * length field that is 0, all ones or past the end means "to the end of the file", as streamed files have it.
 *
 * @throws NotWav
 */
export function readWav(file: Buffer): Sound {
  if (file.length < 12 || tag(file, 0) !== 'RIFF' || tag(file, 8) !== 'WAVE')
    throw new NotWav('it is no RIFF WAVE file');
  let format: Format | undefined;
  for (let at = 12; at + 8 <= file.length;) {
    const length = file.readUInt32LE(at + 4);
    const start = at + 8;
    if (tag(file, at) === 'fmt ') format = readFormat(file.subarray(start, start + length));
    if (tag(file, at) === 'data') {
      if (!format) throw new NotWav('its samples come before their format');
      const end = length === 0 ? file.length : Math.min(file.length, start + length);
      return { samples: mixDown(file.subarray(start, end), format), rate: format.rate };
    }
    // Chunks are padded to an even length.
    at = start + length + (length % 2);
  }
  throw new NotWav('it has no samples');
}

function readFormat(chunk: Buffer): Format {
  if (chunk.length < 16) throw new NotWav('its format is cut off');
  let kind = chunk.readUInt16LE(0);
  // Extensible: the true kind is the first two bytes of the sub-format's GUID.
  if (kind === EXTENSIBLE && chunk.length >= 26) kind = chunk.readUInt16LE(24);
  const channels = chunk.readUInt16LE(2);
  const rate = chunk.readUInt32LE(4);
  const frameBytes = chunk.readUInt16LE(12);
  const bits = chunk.readUInt16LE(14);
  if (!(kind === PCM && [8, 16, 24, 32].includes(bits)) && !(kind === FLOAT && bits === 32))
    throw new NotWav(`its encoding (kind ${kind}, ${bits} bits) is not PCM`);
  if (channels < 1 || channels > MOST_CHANNELS) throw new NotWav(`it has ${channels} channels`);
  if (rate < SLOWEST || rate > FASTEST) throw new NotWav(`its rate is ${rate} Hz`);
  if (frameBytes !== (channels * bits) / 8) throw new NotWav('its format contradicts itself');
  return { kind, channels, rate, bits, frameBytes };
}

function mixDown(data: Buffer, { kind, channels, bits, frameBytes }: Format): Float32Array {
  const read = sampleReader(kind, bits);
  const mono = new Float32Array(Math.floor(data.length / frameBytes));
  const width = bits / 8;
  for (let i = 0; i < mono.length; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += read(data, i * frameBytes + channel * width);
    mono[i] = sum / channels;
  }
  return mono;
}

function sampleReader(kind: number, bits: number): (data: Buffer, at: number) => number {
  if (kind === FLOAT) {
    return (data, at) => {
      const value = data.readFloatLE(at);
      return Number.isFinite(value) ? Math.max(-1, Math.min(1, value)) : 0;
    };
  }
  // 8-bit samples alone are unsigned.
  if (bits === 8) return (data, at) => (data.readUInt8(at) - 128) / 128;
  const width = bits / 8;
  const full = 2 ** (bits - 1);
  return (data, at) => data.readIntLE(at, width) / full;
}

/** 16-bit little-endian samples of a sound. */
export function toPcm16({ samples }: Sound): Buffer {
  const pcm = Buffer.alloc(samples.length * 2);
  for (let i = 0; i < samples.length; i++) {
    pcm.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round((samples[i] ?? 0) * 32_768))), i * 2);
  }
  return pcm;
}

const tag = (file: Buffer, at: number) => file.toString('latin1', at, at + 4);
