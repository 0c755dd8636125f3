import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';

/** Does one after the other, none for longer than its milliseconds, whatever becomes of those before. */
export async function lastSteps(
  steps: readonly (readonly [step: () => Promise<unknown>, limit: number])[],
  { clock, log }: { clock: Clock; log: Log },
): Promise<void> {
  for (const [step, limit] of steps) {
    const over = new AbortController();
    await Promise.race([step(), clock.sleep(limit, over.signal)]).catch((error: unknown) =>
      log.warn({ pii: { error } }, 'the conversation did not end cleanly'),
    );
    over.abort(new Error('done'));
  }
}
