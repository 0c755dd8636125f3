import type { Clock } from '../../../base/clock.ts';
import { type Cause, Failure } from './attempts.ts';

/** The time that a server has for its next sign of life: one budget to the first, and again as much from each to the next. */
export class Budget {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #over = new AbortController();
  #cancel: () => void = () => undefined;
  #alive = false;
  #done = false;

  /** @param after the budget begins only then: a server that speaks one sentence after the other cannot begin with the second. */
  constructor(clock: Clock, ms: number, after: Promise<unknown> = Promise.resolve()) {
    this.#clock = clock;
    this.#ms = ms;
    void after.then(() => {
      if (!this.#done && !this.#alive) this.#arm('timeout');
    });
  }

  /** Aborts, with a Failure as its reason, when the budget is used up. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  signOfLife(): void {
    this.#alive = true;
    if (!this.#done) this.#arm('stalled');
  }

  done(): void {
    this.#done = true;
    this.#cancel();
  }

  #arm(cause: Cause): void {
    this.#cancel();
    this.#cancel = this.#clock.after(this.#ms, () => this.#over.abort(new Failure(cause)));
  }
}
