import type { Entry, ThreadStart, ThreadWriter } from '../../../threads/entry.ts';

/**
 * A thread as the call's holder writes it. From the moment the end is decided its entries wait until it is known whose the call is: a worker
 * that hung wakes up and ends everything that it had begun, while another one goes on with the call.
 */
export class HeldThread implements ThreadWriter {
  readonly start: ThreadStart;
  readonly #thread: ThreadWriter;
  readonly #ending: AbortSignal;
  /** Undefined once it is known. */
  #waiting: Entry[] | undefined = [];
  #isLost = false;

  constructor(thread: ThreadWriter, ending: AbortSignal) {
    this.start = thread.start;
    this.#thread = thread;
    this.#ending = ending;
  }

  append(entry: Entry): void {
    if (this.#isLost) return;
    if (this.#ending.aborted && this.#waiting) this.#waiting.push(entry);
    else this.#thread.append(entry);
  }

  /** The call is this worker's still: everything is written. */
  isOurs(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const entry of waiting) this.#thread.append(entry);
  }

  /** The call is another worker's: nothing of this one's end is. */
  isLost(): void {
    this.#isLost = true;
    this.#thread.close();
  }

  flushed(signal: AbortSignal): Promise<void> {
    return this.#thread.flushed(signal);
  }

  close(): void {
    this.#thread.close();
  }
}
