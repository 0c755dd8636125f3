import { AttendantError } from '../../base/errors.ts';
import { unlessAborted } from '../../base/unless-aborted.ts';
import type { EndReason } from '../../threads/entry.ts';

/**
 * The end of a call: decided once, by whoever is first, with a result and a reason. `begun` aborts everything that waits on the call.
 */
export class Ending {
  readonly #controller = new AbortController();
  #resolve: (reason: EndReason) => void = () => undefined;
  #reason: EndReason | undefined;
  /** Resolves with the reason when the call is to end. */
  readonly decided: Promise<EndReason>;

  constructor() {
    this.decided = new Promise((resolve) => (this.#resolve = resolve));
  }

  /** Aborted, with E_CALL_ENDING as its reason, from the moment the end is decided. */
  get begun(): AbortSignal {
    return this.#controller.signal;
  }

  decide(reason: EndReason): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#controller.abort(new AttendantError('E_CALL_ENDING', `the call is ending: ${reason.reason}`));
    this.#resolve(reason);
  }

  /** The promise, or E_CALL_ENDING if the call ends first. */
  async unlessEnded<T>(promise: Promise<T>): Promise<T> {
    this.begun.throwIfAborted();
    return unlessAborted(promise, this.begun);
  }
}
