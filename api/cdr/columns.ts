import type { ThreadSummary } from '../../threads/hash.ts';

type Value = string | number | null | undefined;

/** What a call detail record holds, in its order; docs/keeping.md says what each is. New ones come at the end. */
const COLUMNS: readonly (readonly [name: string, value: (thread: ThreadSummary) => Value])[] = [
  ['id', ({ id }) => id],
  ['uid', ({ uid }) => uid],
  ['parent', ({ parent }) => parent],
  ['direction', ({ direction }) => direction],
  ['agent', ({ agent }) => agent],
  ['caller', ({ caller }) => caller.number],
  ['caller_name', ({ caller }) => caller.name],
  ['dialed', ({ caller }) => caller.dialed],
  ['trunk', ({ caller }) => caller.trunk],
  ['sip_call_id', ({ caller }) => caller.sip_call_id],
  ['started_at', ({ started_at }) => started_at],
  ['answered_at', ({ answered_at }) => answered_at],
  ['ended_at', ({ ended_at }) => ended_at],
  ['duration_seconds', ({ started_at, ended_at }) => between(started_at, ended_at)],
  [
    'answered_seconds',
    ({ answered_at, ended_at }) => (answered_at === null ? '0.000' : between(answered_at, ended_at)),
  ],
  ['agent_talk_seconds', ({ metrics }) => seconds(metrics.talk?.agent)],
  ['caller_talk_seconds', ({ metrics }) => seconds(metrics.talk?.caller)],
  ['silence_seconds', ({ metrics }) => seconds(metrics.talk?.silence)],
  ['interruptions', ({ metrics }) => metrics.interruptions],
  ['result', ({ end_reason }) => end_reason?.result],
  ['reason', ({ end_reason }) => end_reason?.reason],
  ['sip_status', ({ end_reason }) => end_reason?.sip_status],
  ['transfer_attempts', ({ transfers }) => transfers.length],
  ['transfer_to', ({ transfers }) => transfers.at(-1)?.to],
  ['transfer_method', ({ transfers }) => transfers.at(-1)?.method],
  ['transfer_status', ({ transfers }) => transfers.at(-1)?.status],
  ['transfer_cause', ({ transfers }) => transfers.at(-1)?.cause],
  ['digit_collections', ({ digits }) => digits.length],
  ['side_calls', ({ consults }) => consults.length],
  ['warnings', ({ warnings }) => warnings.length],
  ['cost', ({ cost }) => cost?.total],
  ['currency', ({ cost }) => cost?.currency],
  ['outcome', ({ outcome }) => outcome && JSON.stringify(outcome)],
];

export const CDR_COLUMNS = COLUMNS.map(([name]) => name);

/** The cells of a call. Others can write to Redis too: what is not as it should be leaves its cell empty. */
export function cdrOf(thread: ThreadSummary): Value[] {
  return COLUMNS.map(([, value]) => {
    try {
      return value(thread);
    } catch {
      return undefined;
    }
  });
}

const seconds = (milliseconds: number | undefined): string | undefined =>
  milliseconds === undefined ? undefined : (milliseconds / 1_000).toFixed(3);

function between(from: string, to: string | null): string | undefined {
  return to === null ? undefined : seconds(Math.max(0, Date.parse(to) - Date.parse(from)));
}
