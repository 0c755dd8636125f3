import type { Clock } from './clock.ts';
import { AttendantError } from './errors.ts';
import { unlessAborted } from './unless-aborted.ts';

/**
 * The promise, or E_TIMEOUT after `ms`, or the signal's reason if it aborts first.
 *
 * @param options.what it is that is waited for, for the words of the error.
 */
export async function within<T>(
  promise: Promise<T>,
  ms: number,
  { what, clock, signal }: { what: string; clock: Clock; signal?: AbortSignal },
): Promise<T> {
  const late = new AbortController();
  const cancel = clock.after(ms, () =>
    late.abort(new AttendantError('E_TIMEOUT', `${what} took more than ${ms} ms`)),
  );
  try {
    return await unlessAborted(promise, signal ? AbortSignal.any([signal, late.signal]) : late.signal);
  } finally {
    cancel();
  }
}
