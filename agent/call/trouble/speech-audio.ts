import { AudioFrame, AudioResampler } from '@livekit/rtc-node';
import { readWavHeader } from '../../../base/wav-header.ts';
import type { SpeechParameters } from '../../definition/model-parameters.ts';
import { Failure } from './attempts.ts';

/** Samples a second of what the agent says: what `response_format: pcm` is at OpenAI. 16 bit, mono, little-endian. */
export const SPEECH_RATE = 24_000;
/** A frame is a tenth of a second. */
const FRAMES_A_SECOND = 10;
/** Seconds. Nothing that an agent says takes longer; a server that never stops would fill the memory. */
const LONGEST = 300;
/** Bytes that the head of a WAV may have. */
const MOST_HEAD = 4_096;
const HIGHEST_RATE = 192_000;
/** What compressed sound, a page or a problem begins with, and raw samples do not: three signs that fit are no chance. */
const NO_SAMPLES = /^(?:ID3|OggS|fLaC|<!D|<ht|<\?x|\{"|\{ ")/;
/** A WAV where raw samples were asked for: some servers send nothing else. */
const WAV = 'RIFF';
const BEGINNING = 4;
/** A length that a server writes before it knows it. */
const UNKNOWN_LENGTH = 0x7fff_0000;

/** What a speech server sends, made frames of 24 kHz as it comes. */
export class SpeechAudio {
  readonly #play: (frame: AudioFrame) => void;
  #head: Buffer | undefined;
  #rate: number;
  #rest: Uint8Array = new Uint8Array();
  #heard = 0;
  #most: number;
  #resampler: AudioResampler | undefined;
  /** The first bytes, until there are enough to know what they are. */
  #beginning: Buffer | undefined = Buffer.alloc(0);

  constructor(parameters: SpeechParameters, play: (frame: AudioFrame) => void) {
    this.#play = play;
    this.#rate = parameters.sample_rate ?? SPEECH_RATE;
    this.#most = LONGEST * this.#rate * 2;
    if (parameters.response_format === 'wav') this.#head = Buffer.alloc(0);
  }

  /** @throws Failure `garbage` for what is no sound, or never stops. */
  take(chunk: Uint8Array): void {
    if (this.#beginning === undefined) {
      this.#samples(chunk);
      return;
    }
    const bytes = Buffer.concat([this.#beginning, chunk]);
    this.#beginning = bytes;
    if (bytes.length < BEGINNING) return;
    const first = bytes.toString('latin1', 0, BEGINNING);
    if (NO_SAMPLES.test(first)) throw new Failure('garbage');
    if (first === WAV) this.#head ??= Buffer.alloc(0);
    this.#beginning = undefined;
    this.#samples(bytes);
  }

  #samples(chunk: Uint8Array): void {
    const samples = this.#head ? this.#behindHead(this.#head, chunk) : chunk;
    if (samples.length === 0) return;
    this.#heard += samples.length;
    if (this.#heard > LONGEST * this.#rate * 2) throw new Failure('garbage');
    const over = Math.max(0, this.#heard - this.#most);
    const wanted = samples.subarray(0, Math.max(0, samples.length - over));
    const bytes = this.#rest.length === 0 ? wanted : Buffer.concat([this.#rest, wanted]);
    const size = Math.floor(this.#rate / FRAMES_A_SECOND) * 2;
    const whole = bytes.length - (bytes.length % size);
    for (let at = 0; at < whole; at += size) this.#frame(bytes.subarray(at, at + size));
    this.#rest = bytes.subarray(whole);
  }

  /** @throws Failure `no_sound` where none came. */
  end(): void {
    const { length = 0 } = this.#beginning ?? {};
    if (length > 0 && !this.#head) this.#samples(this.#beginning ?? Buffer.alloc(0));
    this.#frame(this.#rest.subarray(0, this.#rest.length - (this.#rest.length % 2)));
    for (const frame of this.#resampler?.flush() ?? []) this.#play(frame);
    if (this.#heard < 2) throw new Failure(this.#head?.length ? 'garbage' : 'no_sound');
  }

  #behindHead(head: Buffer, chunk: Uint8Array): Uint8Array {
    const bytes = Buffer.concat([head, chunk]);
    let format;
    try {
      format = readWavHeader(bytes);
    } catch (cause) {
      throw new Failure('garbage', { cause });
    }
    if (!format) {
      if (bytes.length > MOST_HEAD) throw new Failure('garbage');
      this.#head = bytes;
      return new Uint8Array();
    }
    const { rate, dataAt, dataBytes } = format;
    if (rate < 1_000 || rate > HIGHEST_RATE) throw new Failure('garbage');
    this.#head = undefined;
    this.#rate = rate;
    this.#most = LONGEST * rate * 2;
    // What stands behind the samples is no sound.
    if (dataBytes > 0 && dataBytes < UNKNOWN_LENGTH) this.#most = Math.min(this.#most, dataBytes);
    return bytes.subarray(dataAt);
  }

  #frame(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    // A Buffer's slice is no copy, and its memory is shared with others.
    const samples = new Int16Array(new Uint8Array(bytes).buffer);
    const frame = new AudioFrame(samples, this.#rate, 1, samples.length);
    if (this.#rate === SPEECH_RATE) {
      this.#play(frame);
      return;
    }
    this.#resampler ??= new AudioResampler(this.#rate, SPEECH_RATE, 1);
    for (const resampled of this.#resampler.push(frame)) this.#play(resampled);
  }
}
