import { type Window, windowAt } from '../../agent/definition/routes/next-opening.ts';
import type { ThreadId } from '../../base/ids.ts';
import type {
  Attempt,
  CallResult,
  Callee,
  CalleeResult,
  ListSettings,
} from '../../threads/lists/call-list.ts';
import { RETRIED } from '../../threads/lists/call-list.ts';
import type { After } from '../../threads/lists/store.ts';
import type { Thread } from '../../threads/thread.ts';

/** Nothing was sent to anybody: no worker took the order, or it could not be dialed here. */
const NOT_MADE: readonly string[] = [
  'E_NO_WORKER',
  'trunk_unknown',
  'credentials_missing',
  'livekit_unreachable',
];

/** What is known of a call that is over. */
export interface Ended {
  readonly result: CallResult | 'not_made' | 'refused';
  readonly reason: string;
  readonly outcome: Readonly<Record<string, unknown>> | null;
}

/** A call of which nothing was heard any more: its worker is gone. */
export const LOST: Ended = { result: 'failed', reason: 'lost', outcome: null };

/** How a call went, by its thread. */
export function endOf(thread: Pick<Thread, 'answered_at' | 'answered_by' | 'end_reason' | 'outcome'>): Ended {
  const { answered_at: answered, answered_by: by, end_reason: end, outcome } = thread;
  const reason = end?.reason ?? 'unknown';
  return { result: resultOf(), reason, outcome };

  function resultOf(): Ended['result'] {
    if (answered !== null) {
      if (by === 'machine') return 'machine';
      return end?.result === 'failed' ? 'failed' : 'answered';
    }
    if (NOT_MADE.includes(reason)) return 'not_made';
    switch (reason) {
      case 'busy':
      case 'no_answer':
      case 'rejected':
        return reason;
      case 'no_response':
        return 'no_answer';
      case 'E_OUTBOUND_REFUSED':
        return 'refused';
      default:
        return 'failed';
    }
  }
}

/** When a callee may be called, as it stands at a moment; until when that holds. */
export function windowOf(
  settings: Pick<ListSettings, 'hours'>,
  callee: Pick<Callee, 'time_zone'>,
  at: number,
): Window {
  const { hours } = settings;
  if (!hours) return { open: true, until: Number.MAX_SAFE_INTEGER };
  return windowAt(at, { ...hours, time_zone: callee.time_zone ?? hours.time_zone });
}

/** The first moment from then on at which a callee may be called. */
export function opensFrom(
  settings: Pick<ListSettings, 'hours'>,
  callee: Pick<Callee, 'time_zone'>,
  at: number,
): number {
  const { open, until } = windowOf(settings, callee, at);
  return open ? at : until;
}

/** Whether a call's outcome is one after which its callee is not called again. */
export function isStopped(settings: Pick<ListSettings, 'stop_when'>, outcome: Ended['outcome']): boolean {
  const wanted = Object.entries(settings.stop_when?.outcome ?? {});
  return wanted.length > 0 && wanted.every(([name, value]) => outcome !== null && outcome[name] === value);
}

/** What becomes of a callee whose call has ended. @param now milliseconds since 1970 */
export function afterCall(
  settings: ListSettings,
  before: Callee,
  thread: ThreadId,
  ended: Ended,
  now: number,
): After {
  const { reason, outcome } = ended;
  const result = ended.result === 'refused' ? 'not_made' : ended.result;
  const attempts = before.attempts
    .map((attempt): Attempt => (attempt.thread === thread ? { ...attempt, result, reason } : attempt))
    // Of those that were none the last is enough: a night without a worker has many.
    .filter((attempt, i, all) => attempt.result !== 'not_made' || i === all.length - 1);
  const callee = { ...before, attempts };
  const done = (what: CalleeResult): After => ({ callee: { ...callee, result: what } });
  const again = (seconds: number): After => ({
    callee,
    again: opensFrom(settings, callee, now + seconds * 1_000),
  });
  if (isStopped(settings, outcome)) return done('stopped');
  if (ended.result === 'refused') return done('refused');
  if (ended.result === 'not_made') return again(0);
  const { result: last } = ended;
  const rule = RETRIED.includes(last as never) ? settings.retry[last as (typeof RETRIED)[number]] : undefined;
  const made = attempts.filter((attempt) => attempt.result !== 'not_made');
  const alike = made.filter((attempt) => attempt.result === last);
  if (!rule || alike.length > rule.times || made.length >= settings.most_calls) return done(last);
  return again(rule.after);
}
