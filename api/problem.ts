import { AttendantError, ERRORS, type ErrorCode } from '../base/errors.ts';
import type { ThreadId } from '../base/ids.ts';

/** An error as RFC 9457 problem details: the members of the RFC, and ours `code` and `mend`. */
interface Problem {
  /** Where the code is explained, on this server. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly mend: string;
  /** Of the agent that is in the way, where one is. */
  readonly thread?: ThreadId;
}

/** An error that passes by itself: the answer says after how many milliseconds to try again. */
export class ComeAgain extends AttendantError {
  readonly after: number;

  constructor(code: ErrorCode, message: string, after: number) {
    super(code, message);
    this.after = after;
  }
}

/** An agent has the participant already: the answer names its thread. */
export class AgentPresent extends AttendantError {
  readonly thread: ThreadId;

  constructor(thread: ThreadId) {
    super('E_AGENT_PRESENT', `the agent ${thread} is there for that participant`);
    this.thread = thread;
  }
}

/** Milliseconds after which a 503 may be over. */
const AWAY = 2_000;

/** The error as it leaves through HTTP. What went wrong inside (5xx) is for the log alone: its message may name hosts or secrets. */
export function toProblem(error: AttendantError): Problem {
  const { status, title, mend } = ERRORS[error.code];
  const detail = status < 500 ? error.message : title;
  const problem = {
    type: `/errors#${error.code.toLowerCase()}`,
    title,
    status,
    detail,
    code: error.code,
    mend,
  };
  return error instanceof AgentPresent ? { ...problem, thread: error.thread } : problem;
}

/** The problem as a response. */
export function problemResponse(error: AttendantError): Response {
  const problem = toProblem(error);
  const headers = new Headers({ 'content-type': 'application/problem+json' });
  // RFC 9110 section 11.6.1 wants a challenge with a 401; section 10.2.3 lets others say when to come again.
  if (problem.status === 401) headers.set('www-authenticate', 'ApiKey realm="attendant"');
  const after = error instanceof ComeAgain ? error.after : problem.status === 503 ? AWAY : undefined;
  if (after !== undefined) headers.set('retry-after', String(Math.max(1, Math.ceil(after / 1000))));
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}
