import type { Clock } from '../../base/clock.ts';
import { asAttendantError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Claimed, Leases } from '../../threads/leases.ts';

/** Milliseconds between two looks for calls whose worker is gone. */
const LOOK_EVERY = 250;
/** A worker without a free place looks less often, so that others come first; but no call is lost because all are full. */
const FULL_EVERY = 1_500;

/**
 * Takes over the calls of workers that are gone, until the signal aborts.
 *
 * @param parts.takeOver resolves when that call is over; it never rejects.
 */
export async function keepRescuing(parts: {
  leases: Pick<Leases, 'claim'>;
  isFull: () => boolean;
  takeOver: (claimed: Claimed) => Promise<void>;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
}): Promise<void> {
  const { leases, isFull, takeOver, clock, log, signal } = parts;
  while (!signal.aborted) {
    let found: Claimed | undefined;
    try {
      found = await leases.claim();
    } catch (thrown) {
      const { code } = asAttendantError(thrown);
      log.debug({ code }, 'leases cannot be looked at just now');
    }
    if (found) void takeOver(found);
    else await clock.sleep(isFull() ? FULL_EVERY : LOOK_EVERY, signal).catch(() => undefined);
  }
}
