import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { ApiError } from './api-error.ts';

/** Refuses bodies over `bytes`, with and without a content-length. */
export function limited(bytes: number): MiddlewareHandler {
  return bodyLimit({
    maxSize: bytes,
    onError: (c) => {
      const error = new ApiError(413, {
        message: `The body is larger than ${bytes} bytes.`,
        code: 'too_large',
      });
      return c.json(error.body, error.status);
    },
  });
}
