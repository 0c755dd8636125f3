/** Time as everything here reads it, so that a test can hold it still. All times are milliseconds. */
export interface Clock {
  /** Milliseconds since 1970, of the wall: for what is written down. It jumps when the machine's clock is set. */
  now(): number;
  /** Whole milliseconds since some moment before the process began: for how long something takes. It never jumps. */
  elapsed(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first, leaving no timer behind. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Runs `fn` after `ms` unless the returned function is called first. */
  after(ms: number, fn: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => Math.floor(performance.timeOrigin + performance.now()),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

/** The clock's time as RFC 3339, as it stands in threads. */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}
