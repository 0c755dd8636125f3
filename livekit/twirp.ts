import type { Message } from '@bufbuild/protobuf';
import { AccessToken, type SIPGrant, type VideoGrant } from 'livekit-server-sdk';
import { AttendantError } from '../base/errors.ts';

/** What a request may do at the server; each carries a token of its own with no more than it needs. */
export interface Grants {
  readonly video?: VideoGrant;
  readonly sip?: SIPGrant;
}

/** A protobuf message class of `@livekit/protocol`. */
export interface MessageType<T extends Message<T>> {
  fromBinary(bytes: Uint8Array): T;
}

/** An error answer of the server (https://twitchtv.github.io/twirp/docs/spec_v7.html#error-codes). */
export class Refusal extends Error {
  readonly httpStatus: number;
  /** Twirp's code, e.g. `not_found`. */
  readonly twirpCode: string;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(
    httpStatus: number,
    twirpCode: string,
    message: string,
    metadata: Readonly<Record<string, string>>,
  ) {
    super(message);
    this.name = 'Refusal';
    this.httpStatus = httpStatus;
    this.twirpCode = twirpCode;
    this.metadata = metadata;
  }
}

/** The refusal behind an error, where the server answered with one. */
export function refusalOf(thrown: unknown): Refusal | undefined {
  return thrown instanceof AttendantError && thrown.cause instanceof Refusal ? thrown.cause : undefined;
}

/** Waits for a request that takes something away: where it is gone already, that is what was wanted. */
export async function ignoreNotFound(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (refusalOf(error)?.twirpCode !== 'not_found') throw error;
  }
}

/** The longest life of a request's token. Seconds; the clocks of two machines may differ by some. */
const TOKEN_LIFE = 600;

/**
 * LiveKit's server API as it stands on the wire: protobuf over HTTP. The SDK's own clients take no AbortSignal and, when
 * they create a trunk or a rule, only some of its fields.
 */
export class Twirp {
  readonly #origin: string;
  readonly #apiKey: string;
  readonly #apiSecret: string;
  readonly #requestTimeout: number;

  constructor(options: { url: string; apiKey: string; apiSecret: string; requestTimeout: number }) {
    this.#origin = options.url.replace(/^ws/, 'http');
    this.#apiKey = options.apiKey;
    this.#apiSecret = options.apiSecret;
    this.#requestTimeout = options.requestTimeout;
  }

  /**
   * @param method e.g. `RoomService/ListRooms`.
   * @throws AttendantError E_LIVEKIT_UNREACHABLE when no answer came in time, E_LIVEKIT_REFUSED with a {@link Refusal} as cause when the
   *   answer is an error; the signal's reason when it aborts.
   */
  async request<Response extends Message<Response>>(
    method: string,
    message: { toBinary(): Uint8Array },
    responseType: MessageType<Response>,
    options: { grants: Grants; signal: AbortSignal; timeout?: number },
  ): Promise<Response> {
    const { signal, timeout = this.#requestTimeout } = options;
    signal.throwIfAborted();
    // Not AbortSignal.any: a signal that lives as long as the process would keep every request's signal.
    const ended = new AbortController();
    const onAbort = () => ended.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(() => ended.abort(new Error(`no answer within ${timeout} ms`)), timeout);
    try {
      const response = await fetch(new URL(`/twirp/livekit.${method}`, this.#origin), {
        method: 'POST',
        headers: {
          'content-type': 'application/protobuf',
          authorization: `Bearer ${await this.token(options.grants)}`,
        },
        body: message.toBinary(),
        redirect: 'error',
        signal: ended.signal,
      });
      const body = new Uint8Array(await response.arrayBuffer());
      if (response.ok) return responseType.fromBinary(body);
      throw refused(method, response, body);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof AttendantError) throw error;
      const reason = ended.signal.aborted ? (ended.signal.reason as Error) : error;
      throw new AttendantError('E_LIVEKIT_UNREACHABLE', `${method} at ${this.#origin}: ${reasonOf(reason)}`, {
        cause: reason,
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  token(grants: Grants): Promise<string> {
    const token = new AccessToken(this.#apiKey, this.#apiSecret, { ttl: TOKEN_LIFE });
    if (grants.video) token.addGrant(grants.video);
    if (grants.sip) token.addSIPGrant(grants.sip);
    return token.toJwt();
  }

  joinToken(room: string, identity: string): Promise<string> {
    const token = new AccessToken(this.#apiKey, this.#apiSecret, { ttl: TOKEN_LIFE, identity });
    token.kind = 'agent';
    token.addGrant({
      room,
      roomJoin: true,
      canPublish: true,
      canSubscribe: true,
      canPublishData: true,
      canUpdateOwnMetadata: true,
    });
    return token.toJwt();
  }
}

function refused(method: string, response: Response, body: Uint8Array): AttendantError {
  const text = new TextDecoder().decode(body.subarray(0, 64 << 10));
  let error: { code?: unknown; msg?: unknown; meta?: unknown } = {};
  try {
    error = JSON.parse(text) as typeof error;
  } catch {
    // What is in between (a proxy) answered, not LiveKit.
  }
  if (typeof error.code !== 'string') {
    const code = response.status >= 500 ? 'E_LIVEKIT_UNREACHABLE' : 'E_LIVEKIT_REFUSED';
    return new AttendantError(code, `${method}: HTTP ${response.status}`, {
      cause: new Refusal(response.status, 'unknown', text.slice(0, 200), {}),
    });
  }
  const meta = typeof error.meta === 'object' && error.meta !== null ? error.meta : {};
  const refusal = new Refusal(
    response.status,
    error.code,
    typeof error.msg === 'string' ? error.msg : error.code,
    Object.fromEntries(Object.entries(meta).map(([name, value]) => [name, String(value)])),
  );
  return new AttendantError('E_LIVEKIT_REFUSED', `${method}: ${refusal.message} (${refusal.twirpCode})`, {
    cause: refusal,
  });
}

/** `fetch` hides what went wrong in the cause of a "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof AggregateError) return reasonOf(cause.errors[0]);
  return cause instanceof Error ? cause.message : error.message;
}
