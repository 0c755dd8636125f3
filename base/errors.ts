/** The meaning of a code and what mends it; `docs/errors.md` is printed from this table. */
export interface ErrorFact {
  /** HTTP status where the error leaves through the API. */
  readonly status: number;
  readonly title: string;
  readonly mend: string;
}

/**
 * Every error that a person or a program can meet, by code. One table, so that HTTP, tools, logs and documents
 * say the same thing (RFC 9457 problem details carry the code).
 */
export const ERRORS = {
  E_INTERNAL: {
    status: 500,
    title: 'Something inside Attendant failed',
    mend: 'See the log line with this code; report it with its cause.',
  },
  E_CONFIG: {
    status: 500,
    title: 'A setting is missing or wrong',
    mend: 'Set it in the environment or in .env.local; .env.example lists all.',
  },
  E_UNAUTHORIZED: {
    status: 401,
    title: 'No valid api-key',
    mend: 'Send the header api-key with a key that attendant key list shows, or one of ATTENDANT_API_KEYS.',
  },
  E_FORBIDDEN: {
    status: 403,
    title: 'The key does not reach that far',
    mend: 'Use a key with the scope that the detail names.',
  },
  E_RATE_LIMITED: {
    status: 429,
    title: 'Too many requests',
    mend: 'Wait as long as the header Retry-After says; ATTENDANT_API_RATE sets the limit.',
  },
  E_KEY_NOT_FOUND: {
    status: 404,
    title: 'No such API key',
    mend: 'See GET /keys for those of the organization.',
  },
  E_KEY_FIXED: {
    status: 409,
    title: 'The key is one of ATTENDANT_API_KEYS',
    mend: 'Change it there and start the API again.',
  },
  E_TOO_MANY_KEYS: {
    status: 409,
    title: 'The organization has as many API keys as it can have',
    mend: 'Revoke those that nobody uses.',
  },
  E_IDEMPOTENCY_RUNNING: {
    status: 409,
    title: 'The same request is being worked on',
    mend: 'Wait as long as the header Retry-After says, then send it again.',
  },
  E_IDEMPOTENCY_MISMATCH: {
    status: 422,
    title: 'The Idempotency-Key was used for another request',
    mend: 'Take a new Idempotency-Key for a new request.',
  },
  E_NOT_FOUND: { status: 404, title: 'Nothing is there', mend: 'Check the path.' },
  E_THREAD_NOT_FOUND: {
    status: 404,
    title: 'No such thread',
    mend: 'Check the thread id or the UID, and the organization of the key.',
  },
  E_WEBHOOK_NOT_FOUND: {
    status: 404,
    title: 'No such webhook',
    mend: 'Check its id, and the organization of the key; GET /webhooks lists them.',
  },
  E_LIMIT_REACHED: {
    status: 409,
    title: 'There are as many of these as there may be',
    mend: 'Remove one that is not needed any more.',
  },
  E_BAD_REQUEST: {
    status: 400,
    title: 'The request is malformed',
    mend: 'See the detail for what is wrong with it.',
  },
  E_TOO_LARGE: { status: 413, title: 'The request is too large', mend: 'Send less at once.' },
  E_REDIS_UNREACHABLE: {
    status: 503,
    title: 'Redis does not answer',
    mend: 'Start Redis, or set REDIS_URL to where it is.',
  },
  E_REDIS_REFUSED: {
    status: 503,
    title: 'Redis refused a command',
    mend: 'See its answer in the message: memory limit, read-only replica, loading, or rights.',
  },
  E_ARCHIVE_UNREACHABLE: {
    status: 503,
    title: 'The archive of old threads does not answer, or lacks what it should hold',
    mend: 'See the message: the folder or bucket of keeping.yaml must be there for each API process. What was erased meanwhile goes from the archive by itself once it is back.',
  },
  E_KEEPING_INVALID: {
    status: 422,
    title: 'keeping.yaml is wrong',
    mend: 'Mend the line that is named; attendant check shows all.',
  },
  E_LIVEKIT_UNREACHABLE: {
    status: 503,
    title: 'LiveKit does not answer',
    mend: 'Start livekit-server, or set LIVEKIT_URL to where it is.',
  },
  E_LIVEKIT_REFUSED: {
    status: 502,
    title: 'LiveKit refused the request',
    mend: 'Check LIVEKIT_API_KEY and LIVEKIT_API_SECRET, and the cause.',
  },
  E_NOT_PROVISIONED: {
    status: 503,
    title: 'Trunks and dispatch rules are not all applied',
    mend: 'Wait a moment; if it stays, the log of attendant api says why.',
  },
  E_NO_WORKER: {
    status: 503,
    title: 'No worker is there to take calls',
    mend: 'Start attendant worker; its log says whether LiveKit took it.',
  },
  E_API_UNREACHABLE: {
    status: 503,
    title: 'The API does not answer',
    mend: 'Start attendant api (npm start does), or set ATTENDANT_API_PORT to where it is.',
  },
  E_PORT_IN_USE: {
    status: 500,
    title: 'A port is taken by another process',
    mend: 'End that process, or set another port.',
  },
  E_TOOL_MISSING: {
    status: 500,
    title: 'A program that is needed is not installed',
    mend: 'Install it as the message says.',
  },
  E_SERVER_DIED: {
    status: 500,
    title: 'A server ended by itself',
    mend: 'See its last lines in the message.',
  },
  E_ADDRESS_REFUSED: {
    status: 422,
    title: 'A request would go to a private address',
    mend: 'Use a public address, or list the network in ATTENDANT_PRIVATE_NETWORKS.',
  },
  E_WEB_UNREACHABLE: {
    status: 502,
    title: 'A web server cannot be reached',
    mend: 'Check the URL, and that the server is up and its certificate valid.',
  },
  E_TIMEOUT: { status: 504, title: 'It took too long', mend: 'See which wait ran out in the message.' },
  E_DEFINITION_INVALID: {
    status: 422,
    title: 'An agent definition is wrong',
    mend: 'Mend the file at the line that is named; attendant check shows all.',
  },
  E_TEMPLATE_EMPTY: {
    status: 422,
    title: 'A template names something that this call does not have',
    mend: 'It was left empty. Give the variable a default below variables, or have the PBX send it.',
  },
  E_STATE_REFUSED: {
    status: 422,
    title: 'A value does not fit what the definition declares below state',
    mend: 'It was not kept. Change the declaration, or what the tool stores.',
  },
  E_DEFINITION_NOT_FOUND: {
    status: 404,
    title: 'No agent of that name',
    mend: 'Check the name in the dispatch rule or in the dialed address.',
  },
  E_CALL_REFUSED: {
    status: 403,
    title: 'A rule refuses the call',
    mend: 'The caller got busy (486). `attendant route` shows which rule of the agent it was.',
  },
  E_TRUNK_INVALID: { status: 422, title: 'A trunk file is wrong', mend: 'Mend the file that is named.' },
  E_TRUNK_OPEN: {
    status: 422,
    title: 'A trunk would accept calls from anyone',
    mend: 'Give it allowed_addresses or auth, or say insecure: true.',
  },
  E_RULE_INVALID: {
    status: 422,
    title: 'A dispatch rule file is wrong',
    mend: 'Mend the file that is named.',
  },
  E_SCENARIO_INVALID: {
    status: 422,
    title: 'A rehearsal scenario is wrong',
    mend: 'Mend the file at the line that is named.',
  },
  E_SCENARIO_FAILED: {
    status: 500,
    title: 'A rehearsal did not go as its scenario says',
    mend: 'The message says which step, and what happened instead.',
  },
  E_DIALOGUE_INVALID: {
    status: 422,
    title: 'A dialogue file is wrong',
    mend: 'Mend the file at the line that is named.',
  },
  E_PRICES_INVALID: {
    status: 422,
    title: 'The price file is wrong',
    mend: 'Mend it at the line that is named; attendant check shows all.',
  },
  E_ANALYSIS_NO_MODEL: {
    status: 503,
    title: 'There is no chat model to analyze a call with',
    mend: 'Set OPENAI_API_KEY or LLM_BASE_URL where the worker runs, or the variables that the definition names; the keyless dialogue analyzes nothing.',
  },
  E_ANALYSIS_UNUSABLE: {
    status: 502,
    title: 'What the model answered about a call is no analysis',
    mend: 'Use a model that writes JSON by a schema, and ask for less with analysis.fields.',
  },
  E_SPEECH_FAILED: {
    status: 500,
    title: 'Speech could not be made or heard on this machine',
    mend: 'Reinstall flite and pocketsphinx; see the log line with this code for what they said.',
  },
  E_NO_SIP_LEG: {
    status: 409,
    title: 'The call has no SIP leg',
    mend: 'Tools that need a telephone leg do not work on a browser call.',
  },
  E_TOOL_ARGUMENTS: {
    status: 422,
    title: 'A tool was called with wrong arguments',
    mend: 'Call it again with arguments that fit its schema.',
  },
  E_HTTP_TOOL_STATUS: {
    status: 502,
    title: 'The server of an HTTP tool did not do what it was asked',
    mend: 'See the HTTP status in the message. Redirects are not followed: write the URL that they lead to.',
  },
  E_HTTP_TOOL_ANSWER: {
    status: 502,
    title: 'The answer of an HTTP tool cannot be used',
    mend: 'Have the server answer with JSON, and choose what the model needs of it with result and max_result.',
  },
  E_HTTP_TOOL_SECRET: {
    status: 500,
    title: 'An HTTP tool names a variable of the environment that is not set',
    mend: 'Set the variable that the message names where the worker runs.',
  },
  E_CALL_ENDING: { status: 409, title: 'The call is ending', mend: 'Nothing more can be done on it.' },
  E_CALL_OVER: {
    status: 409,
    title: 'The call is over',
    mend: 'Nothing can be done on it any more; its thread says how it ended.',
  },
  E_COMMAND_UNTAKEN: {
    status: 504,
    title: 'No worker took the command in time',
    mend: 'It was not done and will not be. See whether the worker that holds the call runs, then send it again.',
  },
  E_COMMAND_UNANSWERED: {
    status: 504,
    title: 'The command was taken and has no reply yet',
    mend: 'It may still be done: read the thread before it is sent again.',
  },
  E_TRANSFER_RUNNING: { status: 409, title: 'A transfer is already running', mend: 'Wait for its result.' },
  E_WORKER_FULL: {
    status: 503,
    title: 'No place for another call',
    mend: 'Start another worker.',
  },
  E_RECORDING_NOT_AVAILABLE: {
    status: 503,
    title: 'No egress service took the recording',
    mend: 'Start LiveKit egress on the Redis of livekit-server, with room for another recording; docs/recording.md.',
  },
  E_RECORDING_FAILED: {
    status: 502,
    title: 'The recording failed',
    mend: 'See the log of LiveKit egress: its storage, its rights, and the key of LiveKit.',
  },
  E_RECORDING_NOT_STOPPED: {
    status: 503,
    title: 'The recording could not be stopped in time, so no sensitive digits are collected',
    mend: 'Try again in a moment; see whether LiveKit and its egress answer.',
  },
  E_CONSULT_RUNNING: {
    status: 409,
    title: 'The agent is on a side call',
    mend: 'Wait for its result.',
  },
  E_DESTINATION_UNKNOWN: {
    status: 422,
    title: 'Not a destination of this agent',
    mend: 'Choose one that the definition lists.',
  },
  E_NUMBERS_INVALID: {
    status: 422,
    title: 'The file of numbers is wrong',
    mend: 'Mend the line that is named.',
  },
  E_NUMBER_NOT_FOUND: {
    status: 404,
    title: 'No such number',
    mend: 'GET /numbers lists those that are there.',
  },
  E_NUMBER_TAKEN: { status: 409, title: 'The number is taken, or none is left', mend: 'Take another one.' },
  E_OUTBOUND_REFUSED: {
    status: 403,
    title: 'The agent may not make that call',
    mend: 'See the detail. What an agent may dial stands in the outbound section of its definition.',
  },
  E_OUTBOUND_LIMIT: {
    status: 429,
    title: 'The organization makes as many calls as it may',
    mend: 'Wait as long as the header Retry-After says; ATTENDANT_OUTBOUND_CALLS and ATTENDANT_OUTBOUND_RATE set the limits.',
  },
  E_TRANSFER_FAILED: {
    status: 502,
    title: 'The transfer failed',
    mend: 'The result says the status and the SIP answer.',
  },
  E_MODEL_FAILED: {
    status: 502,
    title: 'A model server failed',
    mend: 'Check the base URL, key and model of that part.',
  },
} as const satisfies Record<string, ErrorFact>;

export type ErrorCode = keyof typeof ERRORS;

/**
 * An error that a person or program can act on.
 *
 * @example throw new AttendantError('E_PORT_IN_USE', 'port 5060 is held by baresip (pid 12)', { cause });
 */
export class AttendantError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'AttendantError';
    this.code = code;
  }

  get mend(): string {
    return ERRORS[this.code].mend;
  }
}

/** Any thrown value as an AttendantError; one that is none already becomes E_INTERNAL with it as cause. */
export function asAttendantError(thrown: unknown, code: ErrorCode = 'E_INTERNAL'): AttendantError {
  if (thrown instanceof AttendantError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AttendantError(code, message, { cause: thrown });
}

/** An error's text. A refused connection to several addresses has none of its own, only its parts'. */
export function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError && !cause.message) return cause.errors.map(reasonOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
