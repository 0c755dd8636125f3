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

/**
 * How far a sentence may score below free phones: so much in any case, and so much more for each of its frames. Measured on all sentences of
 * the shipped dialogues and on others, clean and through G.722 and G.711; on a narrowband line everything fits worse.
 */
const DEFICIT = { wideband: 1_200, narrowband: 2_000, aFrame: 8 } as const;
/** The part of what sounds like speech that the sentence has to cover. */
const LEAST_COVER = 0.6;
/** Frames of the shortest word; "um" has fewer. */
const LEAST_FRAMES = 20;

/**
 * True when the audio really is the sentence. A grammar makes one of its sentences of whatever it hears; the same audio as a free row of phones
 * shows how well speech could fit it at all, and a sentence that fits much worse, or covers little of it, was not said.
 */
export function isSaid(
  sentence: Segmentation,
  phones: Segmentation | undefined,
  line: 'wideband' | 'narrowband',
): boolean {
  if (!phones || sentence.frames < LEAST_FRAMES) return false;
  if (sentence.frames < LEAST_COVER * phones.frames) return false;
  return sentence.score - phones.score >= -(DEFICIT[line] + DEFICIT.aFrame * sentence.frames);
}
