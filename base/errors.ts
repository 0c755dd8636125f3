import { CALLS } from './error-codes/calls.ts';
import { FILES } from './error-codes/files.ts';
import { REQUESTS } from './error-codes/requests.ts';
import { SERVERS } from './error-codes/servers.ts';

export type { ErrorFact } from './error-codes/fact.ts';

/**
 * Every error that a person or a program can meet, by code. One table, so that HTTP, tools, logs and documents
 * say the same thing (RFC 9457 problem details carry the code).
 */
export const ERRORS = { ...REQUESTS, ...SERVERS, ...FILES, ...CALLS } as const;

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

/** Where an error was thrown, without its message: what is not ours may quote what was said, typed or sent (JSON.parse does). */
export function framesOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { stack = '', message } = error;
  // The message may look like frames itself.
  const behind = message === '' ? stack : stack.slice(Math.max(0, stack.indexOf(message)) + message.length);
  return behind
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 6)
    .join('\n');
}
