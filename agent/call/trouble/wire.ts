import { Failure } from './attempts.ts';

type Fetch = typeof globalThis.fetch;

/** What is seen of a chat answer on the wire, which the client hides: a long tool call gives no sign of life until it is whole. */
export interface Stream {
  /** The model has told something. */
  onLife: () => void;
  /** The model has said that it is through. */
  finished: boolean;
}

/** A word, a piece of a tool call, or of what some models think aloud: more than a connection that is kept open. */
const TOLD = /"(?:content|name|arguments|reasoning\w*|refusal)"\s*:\s*"[^"]/;
const FINISHED = /"finish_reason"\s*:\s*"|data: ?\[DONE\]/;
/** Characters that a mark cut in two by packets may need of the piece before. */
const OVERLAP = 40;

/** A fetch for server-sent events that tells how the answer comes along. */
export function streamFetch(stream: Stream): Fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (!response.ok || !response.body) return response;
    if (!/event-stream/.test(response.headers.get('content-type') ?? '')) {
      await response.body.cancel().catch(() => undefined);
      throw new Failure('garbage');
    }
    const decoder = new TextDecoder();
    let before = '';
    const seen = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(piece, rest) {
          const text = before + decoder.decode(piece, { stream: true });
          if (TOLD.test(text)) stream.onLife();
          if (FINISHED.test(text)) stream.finished = true;
          before = text.slice(-OVERLAP);
          rest.enqueue(piece);
        },
      }),
    );
    return new Response(seen, { status: response.status, headers: response.headers });
  };
}

/**
 * A fetch for answers that have to be `{"text": …}`.
 *
 * @param temperature goes with the form, which the plugin leaves it out of.
 */
export function transcriptFetch(temperature?: number): Fetch {
  return async (input, init) => {
    if (temperature !== undefined && init?.body instanceof FormData)
      init.body.set('temperature', String(temperature));
    const response = await fetch(input, init);
    if (!response.ok) return response;
    const text = await response.text();
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new Failure('garbage', { cause: error });
    }
    if (typeof (value as { text?: unknown } | null)?.text !== 'string') throw new Failure('garbage');
    return new Response(text, {
      status: response.status,
      headers: { 'content-type': 'application/json' },
    });
  };
}
