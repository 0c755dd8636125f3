import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { AttendantError, ERRORS } from '../base/errors.ts';

/** OpenAI's shape of an error, which its clients parse. */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: 'invalid_request_error' | 'server_error';
    readonly param: string | null;
    readonly code: string | null;
  };
}

/** An error that leaves in OpenAI's shape: 4xx for what the client did, 5xx for what went wrong here. */
export class ApiError extends Error {
  readonly status: ContentfulStatusCode;
  readonly body: ErrorBody;

  constructor(status: ContentfulStatusCode, error: { message: string; param?: string; code?: string }) {
    super(error.message);
    this.name = 'ApiError';
    this.status = status;
    this.body = {
      error: {
        message: error.message,
        type: status < 500 ? 'invalid_request_error' : 'server_error',
        param: error.param ?? null,
        code: error.code ?? null,
      },
    };
  }
}

/** Any thrown value as what the client is told. What is no error of ours stays unnamed. */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof AttendantError && thrown.code !== 'E_INTERNAL') {
    const { status, title } = ERRORS[thrown.code];
    const message = thrown.code === 'E_TOOL_MISSING' ? thrown.message : `${title}.`;
    return new ApiError(status, { message, code: thrown.code });
  }
  return new ApiError(500, { message: 'Something failed inside the speech server.', code: 'E_INTERNAL' });
}
