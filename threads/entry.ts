import type { ErrorCode } from '../base/errors.ts';
import type { AgentName, Organization, ThreadId, Uid } from '../base/ids.ts';
import type { Analysis, AnalysisAsk } from './analysis.ts';
import type { Cost, CostPart } from './cost.ts';
import type { CallMeasures, ModelUse, TurnLatency } from './measures.ts';
import type { CommandKind } from './command.ts';
import type { RecordingRecord } from './recording.ts';

/** A tool call as an OpenAI chat message carries it: `arguments` is a JSON string. */
export interface ToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

/**
 * One message of a thread's history, in the shape of OpenAI chat messages. `tool_calls` is absent, never null or empty, where there are none,
 * and a tool's `content` is a JSON string.
 */
export type Message =
  | {
      role: 'assistant';
      content: string;
      tool_calls?: readonly ToolCall[];
      interrupted?: true;
      /** The words are those of a supervisor, who spoke with this API key (its id). */
      supervisor?: string;
      created_at: string;
    }
  | {
      role: 'system';
      content: string;
      /** Whose words they are, where they are a supervisor's. */
      supervisor?: string;
      created_at: string;
    }
  | { role: 'user'; content: string; created_at: string }
  | { role: 'tool'; tool_call_id: string; name: string; content: string; created_at: string };

/** What a collection of keypad digits came to; the result of receive_dtmf. */
export interface DigitCollection {
  readonly digits: string;
  readonly terminator: '#' | null;
  readonly ended_by: 'count' | 'terminator' | 'timeout' | 'speech' | 'hangup';
  /** Whether the caller said that the digits are right, where they were asked. */
  readonly confirmed?: boolean;
}

export type TransferStatus =
  'completed' | 'busy' | 'no-answer' | 'rejected' | 'failed' | 'timeout' | 'canceled';

/** One attempt of a transfer and its result. */
export interface TransferAttempt {
  readonly status: TransferStatus;
  /** A word for machines, e.g. `sip_auth_failed`, `refer_unsupported`. */
  readonly cause: string | null;
  readonly code: number | null;
  readonly sip_status: number | null;
  readonly method: 'refer' | 'bridge' | 'warm';
  readonly to: string;
  readonly seconds: number;
  /** What the model said of the call as it transferred, where the definition asks for that. */
  readonly handover?: Readonly<Record<string, unknown>> | undefined;
}

/** A side call of the agent's, from the caller's thread: how it went, and its own thread. */
export interface ConsultRecord extends Pick<TransferAttempt, 'status' | 'cause' | 'code' | 'sip_status'> {
  /** The side call's own; null where it came to no call at all. */
  readonly thread: ThreadId | null;
  /** Who talked there. */
  readonly agent: string;
  readonly to: string;
  readonly seconds: number;
}

/** What a supervisor wanted done in the call, and whether it was. */
export interface CommandRecord {
  readonly id: string;
  readonly kind: CommandKind;
  /** The API key that it was given with: its id. */
  readonly by: string;
  /** Without texts, which stand in the history. */
  readonly arguments: Readonly<Record<string, string | boolean>>;
  readonly status: 'done' | 'refused';
  /** Why it was refused. */
  readonly code: ErrorCode | null;
}

export interface EndReason {
  readonly result: 'completed' | 'transferred' | 'failed' | 'abandoned';
  /** A word for machines, e.g. `end_dialog`, `caller_hung_up`, `E_MODEL_FAILED`. */
  readonly reason: string;
  readonly sip_status?: number;
  /** With `E_MODEL_FAILED`: which part it was, and a word for how it failed. */
  readonly part?: 'stt' | 'llm' | 'tts';
  readonly cause?: string;
}

/** Who calls, as it stands on the thread. */
export interface CallerRecord {
  readonly number: string;
  readonly name: string;
  readonly dialed: string;
  readonly trunk: string;
  readonly sip_call_id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, string>>;
}

/** How an agent came into a room that no dispatch rule sent it to. */
export interface SentInto {
  readonly by: 'api' | 'rule';
  /** The API key that it was asked for with (its id), or the name of the rule. */
  readonly name: string;
  /** Identity of the participant whom it is there for. */
  readonly participant: string;
  /** What differs from the agent's definition, by its place there; of texts only that they do (`true`). */
  readonly overrides: Readonly<Record<string, string | number | boolean>>;
}

/** What is known of a call when its thread begins. */
export interface ThreadStart {
  readonly id: ThreadId;
  readonly uid: Uid;
  readonly organization: Organization;
  readonly agent: AgentName;
  /** `sha256:…` of the definition's text. */
  readonly agent_version: string;
  readonly direction: 'inbound' | 'outbound';
  /** The thread of the call that a side call was made for; absent on every other. */
  readonly parent?: ThreadId | null;
  /** `<agent that was called>/<its rule>` where a rule decided who answers. */
  readonly route?: string | null;
  /** Absent where a dispatch rule, or an order to call somebody, brought the agent. */
  readonly sent_into?: SentInto | null;
  readonly caller: CallerRecord;
  readonly room: string;
  readonly started_at: string;
}

/** A step of the agent's flows that the call went on in. */
export interface FlowRecord {
  readonly flow: string;
  /** How it came there: where it began, by a tool (the model's or the definition's own code), or by a rule of the step before. */
  readonly by: 'start' | 'tool' | 'rule';
}

/** Who picked up a call that the agent made, as far as it could be heard. */
export type AnsweredBy = 'human' | 'machine' | 'unknown';

/** What can happen on a thread. A thread is nothing but its entries, folded in order of (epoch, n). */
export type Entry =
  | { readonly kind: 'started'; readonly start: ThreadStart }
  | { readonly kind: 'answered'; readonly at: string }
  | { readonly kind: 'answered_by'; readonly answered_by: AnsweredBy; readonly at: string }
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'digits'; readonly collection: DigitCollection; readonly at: string }
  | { readonly kind: 'transfer'; readonly attempt: TransferAttempt; readonly at: string }
  | { readonly kind: 'consult'; readonly consult: ConsultRecord; readonly at: string }
  | { readonly kind: 'command'; readonly command: CommandRecord; readonly at: string }
  | { readonly kind: 'state'; readonly state: Readonly<Record<string, unknown>>; readonly at: string }
  | { readonly kind: 'flow'; readonly flow: FlowRecord; readonly at: string }
  | { readonly kind: 'outcome'; readonly outcome: Readonly<Record<string, unknown>>; readonly at: string }
  | { readonly kind: 'recording'; readonly recording: RecordingRecord; readonly at: string }
  | { readonly kind: 'turn'; readonly latency: TurnLatency; readonly at: string }
  | { readonly kind: 'measured'; readonly measures: CallMeasures; readonly at: string }
  | { readonly kind: 'warning'; readonly code: string; readonly detail: string; readonly at: string }
  | {
      readonly kind: 'ended';
      readonly end_reason: EndReason;
      readonly at: string;
      /** What it came to; absent where there is no price file. */
      readonly cost?: Cost;
      /** A model is to be asked about the call now. */
      readonly analysis?: AnalysisAsk;
    }
  | {
      /** After the end: what the model that was asked about the call came to, what it was asked for, and its cost where the call has one. */
      readonly kind: 'analysis';
      readonly analysis: Exclude<Analysis, { status: 'pending' }>;
      readonly use?: ModelUse;
      readonly cost?: CostPart;
      readonly at: string;
    };

/** An entry with its place: the epoch goes up each time another worker takes the call, n (from 1) within it. */
export interface NumberedEntry {
  readonly epoch: number;
  readonly n: number;
  readonly entry: Entry;
}

/** A call's record while the call runs: what the call writes to. Never throws and never waits for Redis. */
export interface ThreadWriter {
  readonly start: ThreadStart;
  /** Journals the entry before it returns and sends it on to Redis in order. */
  append(entry: Entry): void;
  /** Resolves when all that was appended is in Redis; rejects when the signal aborts first. */
  flushed(signal: AbortSignal): Promise<void>;
  /** Ends writing. What Redis has not taken stays in the journal and is replayed when Redis is back. */
  close(): void;
}
