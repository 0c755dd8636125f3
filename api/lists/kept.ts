import type { Keeping } from '../../threads/archive/keep.ts';

const DAY = 86_400_000;
/** For how long a list is there after its end. */
const KEPT_DAYS = 30;

/** The same for an organization: no longer than its calls are kept. Milliseconds. */
export function keptFor(keeping: Keeping | undefined): number {
  return Math.min(KEPT_DAYS, keeping?.days ?? KEPT_DAYS) * DAY;
}
