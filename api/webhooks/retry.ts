import type { AttendantError } from '../../base/errors.ts';
import type { Settlement, Waiting } from '../../threads/outbox.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Milliseconds after each attempt; after the last of them it stays at that. */
export const RETRY_AFTER: readonly number[] = [
  ...[5 * SECOND, 15 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR],
];
/** From the first attempt on. */
export const RETRY_FOR = 72 * HOUR;
/** A receiver that says when to come again is believed up to here. */
const LONGEST_WAIT = 24 * HOUR;
/** Part of a delay that is taken off at random, so that what failed together does not come back together. */
const JITTER = 0.2;

/** What an attempt met: an answer, or why there was none. */
export type Met =
  | { readonly status: number; readonly retryAfter: string | undefined }
  | { readonly status: null; readonly error: AttendantError };

/**
 * What is to become of a message after an attempt: 2xx is the receipt, 410 says never again, all else is tried again for three days.
 *
 * @param delays milliseconds after each attempt
 */
export function settle(
  message: Waiting,
  met: Met,
  now: number,
  delays: readonly number[] = RETRY_AFTER,
  random: () => number = Math.random,
): Settlement {
  if (met.status !== null && met.status >= 200 && met.status < 300) return { how: 'sent' };
  const error = met.status === null ? met.error.message : `the receiver answered ${met.status}`;
  if (met.status === 410) return { how: 'dead', message, error };
  const since = message.since ?? now;
  const attempts = (message.attempts ?? 0) + 1;
  const planned = (delays[Math.min(attempts, delays.length) - 1] ?? 0) * (1 - JITTER * random());
  const asked = met.status === null ? undefined : retryAfter(met.retryAfter, now);
  const delay = Math.max(planned, Math.min(asked ?? 0, LONGEST_WAIT));
  if (now + delay - since > RETRY_FOR) return { how: 'dead', message, error };
  return { how: 'retry', message: { ...message, attempts, since }, delay };
}

/** RFC 9110 section 10.2.3: seconds or a date. Milliseconds from now; undefined where it is neither. */
function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
