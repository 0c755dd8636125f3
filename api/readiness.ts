import { setMaxListeners } from 'node:events';
import type { Clock } from '../base/clock.ts';
import { asAttendantError, AttendantError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { toProblem } from './problem.ts';

/** Resolves where something holds, rejects with what is wrong. */
type Check = (signal: AbortSignal) => Promise<void>;

/** What must hold for calls to come, by name. */
export type Checks = Readonly<Record<string, Check>>;

type Result = { ok: true } | { ok: false; code: string; detail: string; mend: string };

export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, Result>>;
}

/** How long a check may take. */
const CHECK_TIMEOUT = 2_000;
/** How long an answer holds: anyone may ask, and asking must not become load on LiveKit and Redis. */
const FRESH = 500;

/**
 * Runs the checks when asked, all at once, and remembers the answer for a moment. A check that begins to fail, and one that
 * holds again, is logged once.
 */
export function watchReadiness(
  checks: Checks,
  options: { clock: Clock; log: Log; signal: AbortSignal },
): () => Promise<Readiness> {
  const { clock, log } = options;
  const signal = AbortSignal.any([options.signal]);
  // Each check listens to it; Node takes more than ten for a leak.
  setMaxListeners(0, signal);
  const failing = new Set<string>();
  let asked: { at: number; answer: Promise<Readiness> } | undefined;

  const run = async (name: string, check: Check): Promise<Result> => {
    try {
      await withTimeout(check, clock, signal);
      if (failing.delete(name)) log.info({ check: name }, 'a check holds again');
      return { ok: true };
    } catch (cause) {
      const error = asAttendantError(cause);
      if (!failing.has(name) && !signal.aborted)
        log.warn({ check: name, code: error.code, cause: error.message }, 'a check fails');
      failing.add(name);
      const { code, detail, mend } = toProblem(error);
      return { ok: false, code, detail, mend };
    }
  };
  const runAll = async (): Promise<Readiness> => {
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await run(name, check)] as const),
    );
    return { ready: results.every(([, { ok }]) => ok), checks: Object.fromEntries(results) };
  };
  return () => {
    if (!asked || clock.elapsed() - asked.at >= FRESH) asked = { at: clock.elapsed(), answer: runAll() };
    return asked.answer;
  };
}

/** The check, or E_TIMEOUT; its own signal aborts then. */
async function withTimeout(check: Check, clock: Clock, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const stop = () => over.abort(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  const cancel = clock.after(CHECK_TIMEOUT, () =>
    over.abort(new AttendantError('E_TIMEOUT', `no answer within ${CHECK_TIMEOUT} ms`)),
  );
  try {
    if (signal.aborted) stop();
    over.signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      over.signal.addEventListener('abort', () => reject(over.signal.reason as Error), { once: true });
      check(over.signal).then(resolve, reject);
    });
  } finally {
    cancel();
    signal.removeEventListener('abort', stop);
  }
}
