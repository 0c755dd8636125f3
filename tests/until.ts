import { systemClock } from '../base/clock.ts';

const LOOK_EVERY = 50;
/** Long enough for a machine that does three other things at once; a fact that never comes fails the test all the same. */
const WITHIN = 120_000;

/**
 * Waits until `look` gives something, and gives that. A look that throws is a look in vain.
 *
 * @param what it is that is waited for, for the message of a test that waits in vain.
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  options: { within?: number; seen?: () => unknown } = {},
): Promise<NonNullable<Exclude<T, false>>> {
  const { within = WITHIN, seen } = options;
  const end = systemClock.now() + within;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined && found !== null && found !== false)
        return found as NonNullable<Exclude<T, false>>;
      last = found;
    } catch (error) {
      last = error;
    }
    if (systemClock.now() > end) {
      const instead = seen ? JSON.stringify(await seen(), undefined, 1) : String(last);
      throw new Error(`${what}: not within ${within / 1000} s; instead ${instead}`, { cause: last });
    }
    await systemClock.sleep(LOOK_EVERY);
  }
}
