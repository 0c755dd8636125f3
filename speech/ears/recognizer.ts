import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resample } from '../audio/resample.ts';
import { type Sound, toPcm16 } from '../audio/wav.ts';
import type { Gate } from '../gate.ts';
import { runProgram } from '../program.ts';
import { fillUpperBand, lineOf } from './bandwidth.ts';
import type { Grammar } from './grammar.ts';
import { MODEL_FILES } from './lexicon.ts';
import { isSaid, readSegmentation, type Segmentation } from './segmentation.ts';

/** Hertz that the model was trained on. */
const HEARING_RATE = 16_000;
/** pocketsphinx needs about a tenth of the utterance's length; this is for a machine that does much else. */
const HEAR_LIMIT = 15_000;
/** Shorter than any word; the recognizer chokes on nothing. */
const SHORTEST = 0.1;

/** What was heard: the sentence, the kind of line that it came on, and how many seconds of sound there were. */
export interface Heard {
  readonly text: string;
  readonly narrowband: boolean;
  readonly seconds: number;
}

/**
 * Hears the sentences of one grammar in 16 kHz speech, with a process of pocketsphinx an utterance. With the few words of a dialogue it is up
 * in 30 ms, so that keeping one warm would save nothing and could only go stale.
 */
export class Recognizer {
  readonly #folder: string;
  readonly #gate: Gate;

  private constructor(folder: string, gate: Gate) {
    this.#folder = folder;
    this.#gate = gate;
  }

  static async create(grammar: Grammar, gate: Gate): Promise<Recognizer> {
    const folder = await mkdtemp(join(tmpdir(), 'attendant-ears-'));
    await writeFile(join(folder, 'grammar'), grammar.jsgf);
    await writeFile(join(folder, 'dictionary'), grammar.dictionary);
    return new Recognizer(folder, gate);
  }

  /**
   * The sentence that was said; '' for silence, noise and anything that is not in the grammar.
   *
   * @throws AttendantError E_TOOL_MISSING, E_TIMEOUT, E_SPEECH_FAILED; ApiError 503 when too many wait.
   */
  async hear(sound: Sound, signal: AbortSignal): Promise<Heard> {
    const { narrowband, seconds } = lineOf(sound);
    const line = narrowband ? 'narrowband' : 'wideband';
    const resampled = resample(sound, HEARING_RATE);
    const wide = narrowband ? fillUpperBand(resampled) : resampled;
    if (wide.samples.length < SHORTEST * HEARING_RATE) return { text: '', narrowband, seconds };
    return this.#gate.run(async () => {
      const folder = await mkdtemp(join(this.#folder, 'heard-'));
      try {
        await writeFile(join(folder, 'speech.raw'), toPcm16(wide), { mode: 0o600 });
        await writeFile(join(folder, 'list'), 'speech\n');
        const sentence = await this.#decode(folder, signal, [
          ['-dict', join(this.#folder, 'dictionary')],
          ['-jsgf', join(this.#folder, 'grammar')],
        ]);
        if (!sentence) return { text: '', narrowband, seconds };
        // Context-independent phones and a light bigram are enough to tell speech of this kind from speech of another.
        const phones = await this.#decode(folder, signal, [
          ['-allphone', MODEL_FILES.phones],
          ['-allphone_ci', 'yes'],
          ['-lw', '2.0'],
          // Narrow beams: what is off by more is not speech that a phone fits. The small dictionary is there to be loaded, not used.
          ['-beam', '1e-12'],
          ['-pbeam', '1e-12'],
          ['-dict', join(this.#folder, 'dictionary')],
        ]);
        return { text: isSaid(sentence, phones, line) ? sentence.spoken.join(' ') : '', narrowband, seconds };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }, signal);
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #decode(
    folder: string,
    signal: AbortSignal,
    search: readonly (readonly [string, string])[],
  ): Promise<Segmentation | undefined> {
    const options: readonly (readonly [string, string])[] = [
      ['-hmm', MODEL_FILES.acoustic],
      ['-adcin', 'yes'],
      ['-cepdir', folder],
      ['-cepext', '.raw'],
      ['-ctl', join(folder, 'list')],
      ['-hypseg', join(folder, 'segments')],
      ['-logfn', join(folder, 'log')],
      ...search,
    ];
    await runProgram({
      command: 'pocketsphinx_batch',
      args: options.flat(),
      cwd: folder,
      limit: HEAR_LIMIT,
      signal,
    });
    return readSegmentation(await readFile(join(folder, 'segments'), 'utf8'));
  }
}
