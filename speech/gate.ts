import type { Clock } from '../base/clock.ts';
import { ApiError } from './api-error.ts';

/** Lets a few in at a time and a bounded number wait, each for a bounded time: a burst slows down, and nothing piles up. */
export class Gate {
  readonly #clock: Clock;
  readonly #places: number;
  readonly #mostWaiting: number;
  readonly #longestWait: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(clock: Clock, limits: { places: number; mostWaiting: number; longestWait: number }) {
    this.#clock = clock;
    this.#places = limits.places;
    this.#mostWaiting = limits.mostWaiting;
    this.#longestWait = limits.longestWait;
  }

  /**
   * Runs `work` when there is a place.
   *
   * @throws ApiError 503 when too many wait or the wait was too long; the signal's reason when it aborts in the queue.
   */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (this.#inside < this.#places) this.#inside += 1;
    else await this.#queue(signal);
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The place is handed on, not freed, so that nobody slips in between.
      if (next) next();
      else this.#inside -= 1;
    }
  }

  #queue(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= this.#mostWaiting) throw busy('too many requests wait already');
    return new Promise((resolve, reject) => {
      const leave = () => {
        cancel();
        signal.removeEventListener('abort', onAbort);
        const place = this.#waiting.indexOf(enter);
        if (place >= 0) this.#waiting.splice(place, 1);
      };
      const enter = () => {
        leave();
        resolve();
      };
      const onAbort = () => {
        leave();
        reject(signal.reason as Error);
      };
      const cancel = this.#clock.after(this.#longestWait, () => {
        leave();
        reject(busy('the wait was too long'));
      });
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(enter);
    });
  }
}

const busy = (why: string) =>
  new ApiError(503, { message: `The speech server is busy: ${why}.`, code: 'overloaded' });
