import type { Context } from 'hono';
import type { z } from 'zod';
import { ApiError } from './api-error.ts';

/**
 * The body of a request, checked.
 *
 * @throws ApiError 400 naming the first thing that is wrong with it.
 */
export async function readJson<Schema extends z.ZodType>(
  c: Context,
  schema: Schema,
): Promise<z.infer<Schema>> {
  let body: unknown;
  try {
    body = await c.req.json();
  } catch (thrown) {
    // Over the size limit, the body limit's own answer stands.
    if (!(thrown instanceof SyntaxError)) throw thrown;
    throw new ApiError(400, { message: 'The body is not JSON.', code: 'invalid_json' });
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const param = issue?.path.join('.') ?? '';
  throw new ApiError(400, {
    message: `${param === '' ? 'The body' : param}: ${issue?.message ?? 'invalid'}`,
    param,
    code: 'invalid_value',
  });
}
