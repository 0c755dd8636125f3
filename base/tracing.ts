import type { ThreadId } from './ids.ts';

/** What a span says besides its name and times: words of ours, numbers and ids. Never what a caller said, sent or is called. */
export type SpanFacts = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** A stretch of time in a trace. Times are milliseconds since 1970. */
export interface Span {
  /** A stretch within this one; also when this one is over. */
  begin(name: string, at: number, facts?: SpanFacts): Span;
  end(at: number, facts?: SpanFacts, failed?: boolean): void;
}

/**
 * Traces, sent to an OpenTelemetry collector. The trace of a call has its thread's id: a ULID is 128 bits, as a trace id is. So worker and API
 * tell of one trace without a word between them.
 */
export interface Tracing {
  /** The span of a whole call. `cause` is the call that it was made for. */
  call(thread: ThreadId, at: number, facts: SpanFacts, cause?: ThreadId | null): Span;
  /** In the trace of a call, right below that span, wherever it was begun. */
  inCall(thread: ThreadId, name: string, at: number, facts?: SpanFacts): Span;
  /** A request to us, in a trace of its own; `about` is a call whose trace it points to. */
  request(name: string, at: number, facts: SpanFacts, about?: ThreadId): Span;
  /** Sends what was not sent yet, for a moment at most. */
  close(): Promise<void>;
}
