import { boundedBody } from '../../../base/bounded-body.ts';
import { Failure } from './attempts.ts';

type Fetch = typeof globalThis.fetch;

/** What is seen of a chat answer on the wire, which the client hides: a long tool call gives no sign of life until it is whole. */
export interface Stream {
  /** The model has told something. */
  onLife: () => void;
  /** The model has said that it is through. */
  finished: boolean;
  /** It has said that it calls tools. */
  calls: boolean;
  /** Something came that is no JSON, which the client tells like a lost connection. */
  garbled: boolean;
}

/** A word, a piece of a tool call, or of what some models think aloud: more than a connection that is kept open. */
const TOLD = /"(?:content|name|arguments|reasoning\w*|refusal)"\s*:\s*"[^"]/;
const FINISHED = /"finish_reason"\s*:\s*"|data: ?\[DONE\]/;
const CALLS = /"finish_reason"\s*:\s*"tool_calls"/;
/** A line of the stream that begins like neither JSON nor `[DONE]`; within JSON there is no bare line break. */
const GARBLED = /\ndata: ?[^\s{[]/;
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
    let before = '\n';
    const seen = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(piece, rest) {
          const text = before + decoder.decode(piece, { stream: true });
          if (TOLD.test(text)) stream.onLife();
          if (FINISHED.test(text)) stream.finished = true;
          if (CALLS.test(text)) stream.calls = true;
          if (GARBLED.test(text)) stream.garbled = true;
          before = text.slice(-OVERLAP);
          rest.enqueue(piece);
        },
      }),
    );
    return new Response(seen, { status: response.status, headers: response.headers });
  };
}

/** Bytes of a transcript's answer, and characters of the text: more than anybody says in one breath. What is longer is made up, and would fill model and thread. */
const MOST_ANSWER = 256 * 1024;
const LONGEST_TEXT = 8_000;

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
    const body = await boundedBody(response, MOST_ANSWER, () => new Failure('garbage'));
    let value: unknown;
    try {
      value = JSON.parse(body.toString());
    } catch (error) {
      throw new Failure('garbage', { cause: error });
    }
    const { text } = (value ?? {}) as { text?: unknown };
    if (typeof text !== 'string' || text.length > LONGEST_TEXT) throw new Failure('garbage');
    // Nobody says control characters; they forge lines in prompts.
    return new Response(JSON.stringify({ ...(value as object), text: text.replace(/\p{Cc}+/gu, ' ') }), {
      status: response.status,
      headers: { 'content-type': 'application/json' },
    });
  };
}
