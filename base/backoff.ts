/**
 * Milliseconds to wait before try `attempt` (0 is the first retry): doubling from `first` to at most `most`, with up to half
 * taken off at random so that many clients do not return at the same moment.
 *
 * @example await clock.sleep(backoff(attempt, { first: 200, most: 5_000 }), signal);
 */
export function backoff(
  attempt: number,
  limits: { first: number; most: number },
  random: () => number = Math.random,
): number {
  const full = Math.min(limits.most, limits.first * 2 ** Math.min(attempt, 30));
  return full * (1 - random() / 2);
}
