/** Two pieces of a text, as it is written and as it is given to the voice. */
interface Piece {
  readonly written: string;
  readonly spoken: string;
  /** Spoken otherwise than it is written; it is not heard in part. */
  readonly replaced: boolean;
}

const WORDS = new Intl.Segmenter(undefined, { granularity: 'word' });

/**
 * How words are spoken that a voice would not say right, by how they are written. Texts keep their written words; the voice alone is given the
 * others. What was heard of a text that was cut off is told by how long it is when spoken.
 */
export class Pronunciation {
  readonly #pattern: RegExp | undefined;
  readonly #spoken: readonly string[];

  /** @param words how each is spoken, by how it is written: whole words, in any case, as one letter or as letter and accent. */
  constructor(words: Readonly<Record<string, string>>) {
    // What has another in it goes first.
    const all = Object.entries(words).sort(([a], [b]) => b.length - a.length);
    this.#spoken = all.map(([, spoken]) => spoken);
    const source = all.map(([written]) => `(${wholeWord(written)})`).join('|');
    this.#pattern = all.length === 0 ? undefined : new RegExp(source, 'giu');
  }

  /** The text as the voice is to be given it. */
  spoken(written: string): string {
    if (!this.#pattern) return written;
    return this.#pieces(written)
      .map(({ spoken }) => spoken)
      .join('');
  }

  /** The written words that were heard when that part of the text's sound had been played. From 0 to 1; no word is cut. */
  heardOf(written: string, part: number): string {
    if (part >= 1) return written;
    return this.#begin(written, this.spoken(written).length * Math.max(0, part)).trim();
  }

  /** The same, of words that would all have been heard, were they spoken as they are written. */
  heardInTimeOf(written: string): string {
    return this.#begin(written, written.length);
  }

  /** As many whole words from the beginning as are no longer than that when they are spoken. */
  #begin(written: string, length: number): string {
    let said = 0;
    let end = 0;
    let at = 0;
    for (const piece of this.#pieces(written)) {
      const words = piece.replaced ? [] : [...WORDS.segment(piece.written)];
      for (const { index, isWordLike } of words) if (isWordLike && said + index <= length) end = at + index;
      said += piece.spoken.length;
      at += piece.written.length;
      if (said > length) return written.slice(0, end).trimEnd();
      end = at;
    }
    return written;
  }

  #pieces(written: string): Piece[] {
    const pieces: Piece[] = [];
    let at = 0;
    const plain = (end: number) => {
      const text = written.slice(at, end);
      if (text !== '') pieces.push({ written: text, spoken: text, replaced: false });
    };
    for (const match of this.#pattern ? written.matchAll(this.#pattern) : []) {
      plain(match.index);
      const [word = '', ...groups]: readonly (string | undefined)[] = match;
      const spoken = this.#spoken[groups.findIndex((group) => group !== undefined)] ?? word;
      pieces.push({ written: word, spoken, replaced: true });
      at = match.index + word.length;
    }
    plain(written.length);
    return pieces;
  }
}

/** A pattern of the word that is no part of another one. Where it ends with a sign (`Dr.`, `€`) whatever follows is another. */
function wholeWord(word: string): string {
  const forms = [...new Set([word.normalize('NFC'), word.normalize('NFD')])];
  const letter = '[\\p{L}\\p{M}\\p{N}]';
  const before = /^[\p{L}\p{M}\p{N}]/u.test(word) ? `(?<!${letter})` : '';
  const after = /[\p{L}\p{M}\p{N}]$/u.test(word) ? `(?!${letter})` : '';
  return `${before}(?:${forms.map(literal).join('|')})${after}`;
}

/** Blanks of any kind and number stand for each other. */
function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&').replace(/\s+/g, '\\s+');
}
