import type { AgentName, ListId, ThreadId, Uid } from '../../base/ids.ts';

/** How one call to a callee went. */
export const CALL_RESULTS = ['answered', 'machine', 'busy', 'no_answer', 'rejected', 'failed'] as const;
export type CallResult = (typeof CALL_RESULTS)[number];

/** Results of a call that may be followed by another one. */
export const RETRIED = ['busy', 'no_answer', 'machine', 'rejected', 'failed'] as const satisfies CallResult[];
export type Retried = (typeof RETRIED)[number];

/** What became of a callee: how the last call went, or why there is none any more. */
export const CALLEE_RESULTS = [
  ...CALL_RESULTS,
  'called_back',
  'stopped',
  'do_not_call',
  'refused',
  'canceled',
  'expired',
  'erased',
] as const;
export type CalleeResult = (typeof CALLEE_RESULTS)[number];

/** Calls that a list makes at most. */
export interface Pace {
  readonly at_once: number;
  readonly per_minute: number;
}

/** When people may be called, by the clocks of a place. */
export interface CallingHours {
  readonly time_zone: string;
  /** `mon-fri 09:00-18:00`. */
  readonly hours: readonly string[];
  /** `2026-12-25`, or `12-25` for each year. */
  readonly holidays: readonly string[];
}

/** What ends the calling of a callee whatever the last call came to. */
export interface StopWhen {
  /** They have called us, and were answered, since we first called them. */
  readonly called_back: boolean;
  /** A call with them since the list was started has all of this in its outcome. */
  readonly outcome?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** What a list says of all of its calls. Times in seconds. */
export interface ListSettings {
  readonly name: string;
  readonly agent: AgentName;
  readonly trunk?: string | undefined;
  readonly caller_id?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly ring_timeout?: number | undefined;
  readonly pace: Pace;
  /** After which result a callee is called again, when, and how often. */
  readonly retry: Readonly<
    Partial<Record<Retried, { readonly after: number; readonly times: number } | undefined>>
  >;
  /** Calls to one callee at most, whatever they came to. */
  readonly most_calls: number;
  /** At any time, where it says nothing. */
  readonly hours?: CallingHours | undefined;
  readonly stop_when?: StopWhen | undefined;
}

/** One call to a callee. */
export interface Attempt {
  readonly thread: ThreadId;
  /** RFC 3339. */
  readonly at: string;
  /** Null while it runs; `not_made`: nothing was dialed, for no worker or no trunk was there. It counts for nothing. */
  readonly result: CallResult | 'not_made' | null;
  /** Of the end of its thread. */
  readonly reason: string | null;
}

/** One of a list, and what became of them. */
export interface Callee {
  /** From 1, in the order of the list. */
  readonly n: number;
  /** As it is dialed. */
  readonly to: string;
  readonly uid: Uid | null;
  readonly vars: Readonly<Record<string, string>>;
  /** In place of the list's. */
  readonly time_zone: string | null;
  readonly attempts: readonly Attempt[];
  /** Null while they are to be called, or are being called. */
  readonly result: CalleeResult | null;
}

export type ListState = 'running' | 'paused' | 'finished' | 'canceled' | 'expired';

/** A list and how far it has come. */
export interface CallList {
  readonly id: ListId;
  readonly settings: ListSettings;
  readonly state: ListState;
  readonly created_at: string;
  /** Nobody is called before. */
  readonly starts_at: string;
  /** Nobody is called any more. */
  readonly expires_at: string;
  /** When the last call was over; null before. */
  readonly ended_at: string | null;
  readonly total: number;
  /** Callees that are to be called. */
  readonly waiting: number;
  /** Calls that run. */
  readonly calling: number;
  readonly results: Readonly<Partial<Record<CalleeResult, number>>>;
  /** When somebody is called next; null where nobody is. */
  readonly next_due: string | null;
}

/** A callee as the list shows them. */
export interface ShownCallee extends Callee {
  readonly state: 'waiting' | 'calling' | 'done';
  /** When they are called; null where they are not. */
  readonly due: string | null;
}
