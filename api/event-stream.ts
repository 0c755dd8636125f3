import type { Clock } from '../base/clock.ts';

/** How often something is sent where nothing happens, so that proxies and clients know that the line is up. */
const HEARTBEAT = 15_000;
/** Bytes made ready for a client that reads slowly. */
const AHEAD = 16 * 1024;
/** Milliseconds after which a client that lost the connection comes back. */
const COME_BACK = 2_000;

/** One event of a stream. */
export interface SentEvent {
  readonly id?: string;
  readonly event: string;
  /** JSON: it has no line ends. */
  readonly data: string;
}

/**
 * Events as a response (https://html.spec.whatwg.org/multipage/server-sent-events.html). They are taken from their source as the client reads
 * them, so nothing piles up here. Ends with the source, with the client, and at a heartbeat where `goesOn` says so.
 */
export function eventStream(
  make: (signal: AbortSignal) => AsyncGenerator<SentEvent, void>,
  options: { clock: Clock; goesOn: () => Promise<boolean>; onEnd: () => void },
): Response {
  const { clock, goesOn, onEnd } = options;
  const gone = new AbortController();
  const source = make(gone.signal);
  const encoder = new TextEncoder();
  let next: Promise<IteratorResult<SentEvent, void>> | undefined;
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    gone.abort(new Error('the client is gone'));
    // Where it waits for its reader, it lets go of what it holds.
    void source.return().catch(() => undefined);
    onEnd();
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(encoder.encode(`retry: ${COME_BACK}\n\n`)),
      pull: async (controller) => {
        try {
          next ??= source.next();
          const beat = new AbortController();
          const result = await Promise.race([
            next,
            clock.sleep(HEARTBEAT, beat.signal).then(
              () => undefined,
              () => undefined,
            ),
          ]);
          beat.abort();
          if (result === undefined) {
            if (!(await goesOn())) throw new Error('it may not go on');
            controller.enqueue(encoder.encode(':\n\n'));
            return;
          }
          next = undefined;
          if (!result.done) {
            controller.enqueue(encoder.encode(written(result.value)));
            return;
          }
        } catch {
          // Redis is away, we end, or the client's key does not count any more: it comes back and goes on where it was.
        }
        end();
        controller.close();
      },
      cancel: end,
    },
    { highWaterMark: AHEAD, size: (chunk) => chunk?.byteLength ?? 0 },
  );
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' },
  });
}

function written({ id, event, data }: SentEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`;
}
