import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mulaw } from '../../rehearsal/mulaw.ts';
import { speak } from '../../rehearsal/voice.ts';
import type { Pcm } from './model-server.ts';
import { amplitudeOf, mixed, tone } from './tone.ts';

/** Tones that callers' voices carry, in what a narrowband codec lets through. */
const FIRST_HERTZ = 2_000;
const STEP_HERTZ = 50;
const MOST = 26;
/** Loud enough to be found behind two codecs, soft enough for the voice to be one. */
const AMPLITUDE = 1_500;
const FOUND = 150;
/** Milliseconds over which a tone is looked for at a time: where a packet was lost it goes on in another phase. */
const WINDOW = 100;
/** Milliseconds of silence behind the words: a file starts over at its end. */
const SILENCE = 120_000;

/**
 * Sentences that callers say and a test's speech recognition understands without fail: a human-like voice, which voice activity detection
 * takes for one, and in it a tone of the sentence's own. What is understood is found in the audio that arrives, so words of one caller on
 * another's thread would show.
 */
export class Sentences {
  readonly #folder: string;
  readonly #texts: string[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The sentence as raw PCMU. */
  async file(text: string, signal: AbortSignal): Promise<string> {
    const index = this.#texts.push(text) - 1;
    if (index >= MOST) throw new Error(`there are only ${MOST} voices`);
    const folder = await mkdtemp(join(this.#folder, 'sentence-'));
    const { samples, rate, length } = await speak(text, folder, signal);
    const marked = mixed(samples, tone(hertzOf(index), length, rate, AMPLITUDE));
    const file = join(folder, 'sentence.ulaw');
    await writeFile(file, mulaw(Buffer.concat([marked, Buffer.alloc((rate * 2 * SILENCE) / 1_000)])));
    return file;
  }

  /** The sentence whose tone is loudest; '' where none is there. */
  textOf({ samples, rate }: Pcm): string {
    const amplitudes = this.#texts.map((_, index) => loudnessOf(hertzOf(index), samples, rate));
    const loudest = Math.max(0, ...amplitudes);
    return loudest < FOUND ? '' : (this.#texts[amplitudes.indexOf(loudest)] ?? '');
  }
}

/** The mean amplitude of a tone, window by window. */
function loudnessOf(hertz: number, samples: Buffer, rate: number): number {
  const bytes = ((rate * WINDOW) / 1_000) * 2;
  const windows = Math.floor(samples.length / bytes);
  const amplitudes = Array.from({ length: windows }, (_, i) =>
    amplitudeOf(hertz, samples.subarray(i * bytes, (i + 1) * bytes), rate),
  );
  return amplitudes.reduce((sum, amplitude) => sum + amplitude, 0) / Math.max(1, windows);
}

function hertzOf(index: number): number {
  return FIRST_HERTZ + index * STEP_HERTZ;
}
