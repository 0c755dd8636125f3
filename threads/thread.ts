import type { ThreadId } from '../base/ids.ts';
import type {
  AnsweredBy,
  CommandRecord,
  ConsultRecord,
  DigitCollection,
  EndReason,
  FlowRecord,
  Message,
  SentInto,
  ThreadStart,
  TransferAttempt,
} from './entry.ts';
import type { Analysis } from './analysis.ts';
import type { Cost } from './cost.ts';
import type { CallMeasures, TurnLatency } from './measures.ts';
import type { RecordingRecord } from './recording.ts';

/** A call's record as the API shows it: the entries folded, the messages as `history`. */
export interface Thread extends ThreadStart {
  readonly parent: ThreadId | null;
  readonly route: string | null;
  readonly sent_into: SentInto | null;
  readonly status: 'active' | 'ended';
  readonly answered_at: string | null;
  /** Who picked up, where the agent made the call and listened for it (`outbound.machine`). */
  readonly answered_by: AnsweredBy | null;
  readonly ended_at: string | null;
  readonly end_reason: EndReason | null;
  /** The end_dialog arguments, nothing else; null until it was called. */
  readonly outcome: Readonly<Record<string, unknown>> | null;
  readonly digits: readonly DigitCollection[];
  readonly transfers: readonly TransferAttempt[];
  /** The agent's side calls, in order. */
  readonly consults: readonly ConsultRecord[];
  /** What supervisors had done in the call, in order. */
  readonly commands: readonly (CommandRecord & { readonly at: string })[];
  /** The call's recording and where it is; null where none was asked for, or nothing is decided yet. */
  readonly recording: RecordingRecord | null;
  readonly state: Readonly<Record<string, unknown>>;
  /** The step of the agent's flows that the call is in, or ended in; null where the agent has none. */
  readonly flow: string | null;
  /** The steps that the call went through, in order. */
  readonly flows: readonly (FlowRecord & { readonly at: string })[];
  /** How quickly the agent answered, turn by turn; at the end also who talked how long, and what the models were asked for. */
  readonly metrics: { readonly turns: readonly TurnLatency[] } & Partial<CallMeasures>;
  /** What a model found in the call after its end; null where nobody asked one. */
  readonly analysis: Analysis | null;
  /** What the call came to, by the price file of its end; null while it runs, and where there was none. */
  readonly cost: Cost | null;
  readonly warnings: readonly { code: string; detail: string; at: string }[];
  readonly history: readonly Message[];
}
