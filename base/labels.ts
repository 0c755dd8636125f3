/** What a word becomes that is no word of ours, or one too many. */
export const OTHER = 'other';

/**
 * Keeps a label of a metric to few values: each is a time series that a server keeps for weeks. Words that our own code makes pass, as long as
 * they look like words and are not many.
 */
export class Words {
  readonly #most: number;
  readonly #known = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  of(word: string): string {
    if (this.#known.has(word)) return word;
    if (this.#known.size >= this.#most || !/^[A-Za-z][A-Za-z0-9_-]{0,62}$/.test(word)) return OTHER;
    this.#known.add(word);
    return word;
  }
}
