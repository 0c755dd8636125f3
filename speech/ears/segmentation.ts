/** How the recognizer cut an utterance up. Scores are logarithms of likelihoods, the higher the better; a frame is 10 ms. */
export interface Segmentation {
  /** Score of the whole path. */
  readonly score: number;
  /** The words (or phones) in order, without silence and noise. */
  readonly spoken: readonly string[];
  /** Frames that they cover. */
  readonly frames: number;
}

const SILENT = /^(?:<.*>|\[.*\]|SIL|\+.*\+)$/;

/**
 * Reads a line of pocketsphinx_batch's `-hypseg`: `id S 0 T score A acoustic L language start (acoustic language word end)…`.
 * Undefined where nothing was recognized.
 */
export function readSegmentation(line: string): Segmentation | undefined {
  const fields = line.trim().split(/\s+/);
  const total = fields.indexOf('T');
  const language = fields.indexOf('L');
  if (total < 0 || language < 0) return undefined;
  const score = Number(fields[total + 1]);
  let start = Number(fields[language + 2]);
  const spoken: string[] = [];
  let frames = 0;
  for (let at = language + 3; at + 3 < fields.length; at += 4) {
    const word = fields[at + 2] ?? '';
    const end = Number(fields[at + 3]);
    if (!SILENT.test(word)) {
      spoken.push(word.replace(/\(\d+\)$/, ''));
      frames += end - start;
    }
    start = end;
  }
  if (!Number.isFinite(score) || !Number.isFinite(frames) || spoken.length === 0) return undefined;
  return { score, spoken, frames };
}

/** What any sentence may score below free phones, and what each of its frames may add to that. Measured: docs/dialogues.md. */
const BASE_DEFICIT = 1_200;
const DEFICIT_A_FRAME = 8;
/** The part of what sounds like speech that the sentence has to cover. */
const LEAST_COVER = 0.6;

/**
 * True when the audio really is the sentence. A grammar makes one of its sentences of whatever it hears; the same audio as a free row of phones
 * shows how well speech could fit it at all, and a sentence that fits much worse, or covers little of it, was not said.
 */
export function isSaid(sentence: Segmentation, phones: Segmentation | undefined): boolean {
  if (!phones) return false;
  if (sentence.frames < LEAST_COVER * phones.frames) return false;
  return sentence.score - phones.score >= -(BASE_DEFICIT + DEFICIT_A_FRAME * sentence.frames);
}
