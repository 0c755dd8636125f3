import { AttendantError } from '../base/errors.ts';

/** Bytes that a request may bring. */
const BODY_LIMIT = 64 * 1024;

const tooLarge = (limit: number) => new AttendantError('E_TOO_LARGE', `send at most ${limit} bytes`);

/** Refuses a request that says itself that it is too large. @throws AttendantError E_TOO_LARGE */
export function refuseLarge(request: Request, limit = BODY_LIMIT): void {
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge(limit);
}

/**
 * The body of a request, also of one that does not say how long it is. (Hono's own limit makes such a request anew, which Node 20 cannot do with
 * that of its server: every DELETE would fail.)
 *
 * @throws AttendantError E_TOO_LARGE
 */
export async function bodyOf(request: Request, limit = BODY_LIMIT): Promise<string> {
  const reader = request.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined;
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) return new TextDecoder().decode(Buffer.concat(pieces));
    size += value.length;
    if (size > limit) throw tooLarge(limit);
    pieces.push(value);
  }
}
