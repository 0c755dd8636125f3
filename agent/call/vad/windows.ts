import { WINDOW } from './silero.ts';

/** Cuts sound that comes in pieces of any length into windows. */
export class Windows {
  #window = new Int16Array(WINDOW);
  #filled = 0;

  /** The windows that the piece completes. */
  push(samples: Int16Array): Int16Array[] {
    const complete: Int16Array[] = [];
    for (let at = 0; at < samples.length;) {
      const part = samples.subarray(at, at + WINDOW - this.#filled);
      this.#window.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled < WINDOW) break;
      complete.push(this.#window);
      this.#window = new Int16Array(WINDOW);
      this.#filled = 0;
    }
    return complete;
  }

  /** What is no whole window yet is forgotten. */
  reset(): void {
    this.#filled = 0;
  }
}
