import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import type { Lease } from '../../../threads/leases.ts';

/** Milliseconds between two looks whether it is a good moment. */
const LOOK_EVERY = 100;
/** A moment that is good enough comes for every call. */
const WAIT_LIMIT = 20_000;

/**
 * Leaves the call to another worker, in a moment in which nobody notices: the agent neither speaks nor does anything. After a while also in a worse
 * one, but in no transfer: that is to be over first.
 *
 * @param call.busy what goes on in it.
 * @param call.ending aborts when the call ends by itself.
 */
export async function handOver(call: {
  lease: Lease;
  busy: () => 'transfer' | 'talk' | undefined;
  ending: AbortSignal;
  clock: Clock;
  log: Log;
}): Promise<void> {
  const { lease, busy, ending, clock, log } = call;
  const end = clock.elapsed() + WAIT_LIMIT;
  try {
    while (busy() !== undefined && clock.elapsed() < end) await clock.sleep(LOOK_EVERY, ending);
    if (busy() === 'transfer' || ending.aborted) return;
    log.info('a call is left to another worker');
    await lease.giveUp();
  } catch (error) {
    // It has ended, or Redis is away: the worker asks again.
    if (!ending.aborted) log.debug({ pii: { error } }, 'a call could not be handed over');
  }
}
