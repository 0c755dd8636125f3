import type { Clock } from '../../base/clock.ts';

/** Milliseconds after which a version that was replaced is ended, once no call has it any more. */
const KEPT = 60_000;

/** Who has a version of the code; its end, when nobody has it and it is the newest no more. */
export class Holders {
  readonly #clock: Clock;
  readonly #end: () => Promise<void>;
  #count = 0;
  #isRetired = false;

  constructor(clock: Clock, end: () => Promise<void>) {
    this.#clock = clock;
    this.#end = end;
  }

  hold(): () => void {
    this.#count += 1;
    let held = true;
    return () => {
      if (held) this.#count -= 1;
      held = false;
      if (this.#isRetired) this.#lookLater();
    };
  }

  retire(): void {
    this.#isRetired = true;
    this.#lookLater();
  }

  /** A call that has chosen it a moment ago may not hold it yet. */
  #lookLater(): void {
    this.#clock.after(KEPT, () => {
      if (this.#count === 0) void this.#end();
    });
  }
}
