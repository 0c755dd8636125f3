import type { IncomingMessage } from 'node:http';
import WebSocket from 'ws';
import { Failure } from '../trouble/attempts.ts';
import { type ClientEvent, type ServerEvent, serverEvent } from './events.ts';

/** Where a realtime model is. */
export interface RealtimeServer {
  readonly name: string;
  readonly baseUrl: string;
  readonly apiKey: string;
}

/** Bytes of one message: a second of sound is 64 kB in it. */
const MOST_MESSAGE = 4 * 1_024 * 1_024;
/** Milliseconds to connect; who waits for it may have less. */
const OPEN_LIMIT = 5_000;
/** Bytes that may wait to be sent; a server that takes no more is none. */
const MOST_WAITING = 8 * 1_024 * 1_024;

/**
 * One connection to a realtime server: `GET {base URL}/realtime?model=…`, upgraded. The plugin's own session is not used: an address that refuses
 * it is an uncaught exception there, which would end every call of the process.
 */
export class RealtimeSocket {
  readonly #socket: WebSocket;
  readonly #over = new AbortController();
  readonly #listeners = new Set<(event: ServerEvent) => void>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** @throws Failure; the signal's reason */
  static async open(server: RealtimeServer, signal: AbortSignal): Promise<RealtimeSocket> {
    signal.throwIfAborted();
    let url: URL;
    try {
      url = new URL(`${server.baseUrl.replace(/\/$/, '')}/realtime`);
    } catch (cause) {
      throw new Failure('not_set', { cause });
    }
    url.protocol = url.protocol.replace(/^http/, 'ws');
    url.searchParams.set('model', server.name);
    const socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${server.apiKey}` },
      // A key goes to the server that was set, and to no other.
      followRedirects: false,
      handshakeTimeout: OPEN_LIMIT,
      maxPayload: MOST_MESSAGE,
      perMessageDeflate: false,
    });
    const opened = new RealtimeSocket(socket);
    const give = () => opened.#fail(signal.reason as Error);
    signal.addEventListener('abort', give, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        opened.closed.addEventListener('abort', () => reject(opened.closed.reason as Error), { once: true });
        socket.once('open', resolve);
        opened.#listen();
      });
    } finally {
      signal.removeEventListener('abort', give);
    }
    return opened;
  }

  /** Aborts when nothing more comes, with the Failure as its reason. */
  get closed(): AbortSignal {
    return this.#over.signal;
  }

  /** What is sent on a connection that is gone is lost; whoever waits for an answer hears of it by `closed`. */
  send(event: ClientEvent): void {
    if (this.closed.aborted) return;
    if (this.#socket.bufferedAmount > MOST_WAITING) this.#fail(new Failure('stalled'));
    else this.#socket.send(JSON.stringify(event));
  }

  /** Tells what comes until the returned function is called. */
  on(listener: (event: ServerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#fail(new Failure('cut_off'));
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('unexpected-response', (_request: unknown, response: IncomingMessage) => {
      response.resume();
      this.#fail(new Failure(`http_${response.statusCode ?? 500}`));
    });
    // Stays for good: an error without a listener would end the process.
    socket.on('error', (cause) => this.#fail(new Failure('refused', { cause })));
    socket.on('close', () => this.#fail(new Failure('cut_off')));
    socket.on('message', (message: Buffer, isBinary) => {
      try {
        const event = isBinary ? undefined : serverEvent(message.toString());
        if (event) for (const listener of [...this.#listeners]) listener(event);
      } catch (error) {
        this.#fail(error instanceof Failure ? error : new Failure('garbage', { cause: error }));
      }
    });
  }

  #fail(reason: Error): void {
    if (this.closed.aborted) return;
    this.#over.abort(reason);
    this.#socket.terminate();
  }
}
