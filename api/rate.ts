import type { Clock } from '../base/clock.ts';

/** Buckets beyond this many are looked through for those that are full again, which are like none. */
const MANY = 10_000;

/**
 * A token bucket for each key, of this process: `perSecond` requests go on for ever, and twice as many come at once after a
 * rest.
 */
export class Rate {
  readonly #perSecond: number;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  /** Takes one of the key's tokens. Returns 0, or after how many milliseconds there is one. */
  take(key: string): number {
    const now = this.#clock.elapsed();
    const tokens = this.#tokens(key, now);
    if (tokens < 1) return ((1 - tokens) * 1000) / this.#perSecond;
    this.#buckets.set(key, { tokens: tokens - 1, at: now });
    if (this.#buckets.size > MANY) this.#forget(now);
    return 0;
  }

  #tokens(key: string, now: number): number {
    const most = 2 * this.#perSecond;
    const bucket = this.#buckets.get(key);
    if (!bucket) return most;
    // A clock that was set back must not take tokens away.
    return Math.min(most, bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * this.#perSecond);
  }

  #forget(now: number): void {
    for (const key of this.#buckets.keys())
      if (this.#tokens(key, now) >= 2 * this.#perSecond) this.#buckets.delete(key);
  }
}
