/** A caller who says and presses nothing: asked again some times, then given up. */
export class Silence {
  readonly #limit: number;
  readonly #reprompts: number;
  #asked = 0;

  /** @param limits.silence in milliseconds; 0 for ever. */
  constructor(limits: { silence: number; reprompts: number }) {
    this.#limit = limits.silence;
    this.#reprompts = limits.reprompts;
  }

  /** What is to be done after so many milliseconds of it; each answer but `wait` counts as done. */
  after(quiet: number): 'wait' | 'ask again' | 'give up' {
    if (this.#limit === 0 || quiet < this.#limit) return 'wait';
    this.#asked += 1;
    return this.#asked > this.#reprompts ? 'give up' : 'ask again';
  }

  get isBroken(): boolean {
    return this.#asked === 0;
  }

  /** The caller was heard, or pressed a key. */
  broken(): void {
    this.#asked = 0;
  }
}
