import { open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import { readWavHeader, type WavFormat } from '../base/wav-header.ts';
import { frameLoudness } from './wav.ts';

/** How often the growing recordings are read. */
const EVERY = 60;
const FRAME = 20;
/** Softer than any voice on the phone (full scale is 32767), louder than a codec's hiss. */
const SPEECH_LOUDNESS = 250;
/** Words have gaps; sound within this of sound before belongs to it. */
const GAP = 400;
/** Shorter sounds are clicks. */
const SHORTEST = 60;

/** The shortest thing that anyone says, and the pause after which they have finished. */
const SHORTEST_WORD = 200;
const PAUSE = 500;

/** A stretch of sound from the far end. Times are the wall's, as of when the sound came in. */
export interface Sound {
  readonly from: number;
  readonly to: number;
}

/**
 * What a softphone hears: reads its recordings of the far end while they grow and says when there was sound. It knows
 * nothing of words, and so cannot be told by anything but audio that came over the wire.
 */
export class Ear {
  #folder: string;
  #stop = new AbortController();
  #recordings = new Map<string, Recording>();
  #sounds: { from: number; to: number }[] = [];
  #heardUntil = 0;
  /** All that was received, with the wall's time at which it was read. */
  #received: { at: number; samples: Buffer }[] = [];
  readonly #loop: Promise<void>;

  /** Listens to the `*-dec.wav` files of a folder, as baresip's sndfile module names what it receives. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#loop = this.#listen();
  }

  /** Sounds so far, in order; the last may go on. */
  get sounds(): readonly Sound[] {
    return this.#sounds.filter((sound) => sound.to - sound.from >= SHORTEST);
  }

  /** Milliseconds of sound heard after `since`. */
  soundSince(since: number): number {
    return this.sounds.reduce((sum, sound) => sum + Math.max(0, sound.to - Math.max(sound.from, since)), 0);
  }

  /** Milliseconds since the last sound ended, 0 during one; counted from `since` where nothing was heard after it. */
  silenceSince(since: number): number {
    const last = this.sounds.at(-1)?.to ?? 0;
    return Math.max(0, this.#heardUntil - Math.max(last, since));
  }

  /**
   * Waits until something was said after `since` and a pause of half a second followed; gives its samples.
   *
   * @throws AttendantError E_TIMEOUT when nothing was said within that many milliseconds, or it did not end.
   */
  async utterance(options: { since: number; within: number; signal: AbortSignal }): Promise<Buffer> {
    const { since, within, signal } = options;
    const end = systemClock.now() + within;
    while (this.soundSince(since) < SHORTEST_WORD || this.silenceSince(since) < PAUSE) {
      if (systemClock.now() > end)
        throw new AttendantError('E_TIMEOUT', `nothing was heard within ${within / 1000} s`);
      await systemClock.sleep(EVERY, signal);
    }
    return this.samplesSince(since);
  }

  /** The 16-bit samples received after `since`, at the rate of the call's codec. */
  samplesSince(since: number): Buffer {
    return Buffer.concat(this.#received.filter(({ at }) => at >= since).map(({ samples }) => samples));
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await this.#read();
    for (const recording of this.#recordings.values()) await recording.close();
  }

  async #listen(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#read();
      await systemClock.sleep(EVERY, this.#stop.signal).catch(() => undefined);
    }
  }

  async #read(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => [] as string[]);
    for (const name of names) {
      if (name.endsWith('-dec.wav') && !this.#recordings.has(name)) {
        this.#recordings.set(name, new Recording(join(this.#folder, name)));
      }
    }
    const now = systemClock.now();
    for (const recording of this.#recordings.values()) {
      const { frames, samples } = await recording
        .takeNew()
        .catch(() => ({ frames: [], samples: Buffer.alloc(0) }));
      if (samples.length > 0) this.#received.push({ at: now, samples });
      frames.forEach((loudness, i) => {
        const at = now - (frames.length - i) * FRAME;
        if (loudness >= SPEECH_LOUDNESS) this.#add(at, at + FRAME);
      });
    }
    this.#heardUntil = now;
  }

  #add(from: number, to: number): void {
    const last = this.#sounds.at(-1);
    if (last && from - last.to <= GAP) last.to = Math.max(last.to, to);
    else this.#sounds.push({ from, to });
  }
}

/** One growing WAV file. */
class Recording {
  #file: string;
  #handle: FileHandle | undefined;
  #format: WavFormat | undefined;
  #at = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(file: string) {
    this.#file = file;
  }

  /** The whole 20 ms frames that came since the last call, and the loudness of each. */
  async takeNew(): Promise<{ frames: number[]; samples: Buffer }> {
    this.#handle ??= await open(this.#file, 'r');
    if (!this.#format) {
      const head = Buffer.alloc(256);
      const { bytesRead } = await this.#handle.read(head, 0, head.length, 0);
      this.#format = readWavHeader(head.subarray(0, bytesRead));
      if (!this.#format) return { frames: [], samples: Buffer.alloc(0) };
      this.#at = this.#format.dataAt;
    }
    const chunk = Buffer.alloc(64 * 1024);
    const { bytesRead } = await this.#handle.read(chunk, 0, chunk.length, this.#at);
    this.#at += bytesRead;
    const samples = Buffer.concat([this.#rest, chunk.subarray(0, bytesRead)]);
    const frameSamples = (this.#format.rate * FRAME) / 1000;
    const whole = samples.length - (samples.length % (frameSamples * 2));
    this.#rest = samples.subarray(whole);
    const taken = samples.subarray(0, whole);
    return { frames: frameLoudness(taken, frameSamples), samples: taken };
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }
}
