import { setMaxListeners } from 'node:events';
import { backoff } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import { asAttendantError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { connectRedis, type Redis } from './redis.ts';

/** How long one read waits. A call that comes meanwhile is read from the next one on. */
const BLOCK = 400;
const READ_TIMEOUT = 3_000;
/** Commands of one call in one read. */
const COUNT = 32;
const RETRY = { first: 50, most: 1_000 };

type Read = { name: string; messages: { id: string; message: Record<string, string> }[] }[];
type OnEntry = (entry: string, fields: Record<string, string>) => void;

/**
 * Reads the commands of all calls of one organization in this process, on one connection of its own. A stream is read from its beginning:
 * what was taken is no longer in it.
 */
export class CommandReader {
  readonly #streams = new Map<string, { last: string; readonly onEntry: OnEntry }>();
  readonly #closing = new AbortController();
  readonly #redis: Redis;
  readonly #parts: { clock: Clock; log: Log };
  readonly #loop: Promise<void>;
  #wake: () => void = () => undefined;

  constructor(options: { redisUrl: string; clock: Clock; log: Log; signal: AbortSignal }) {
    const { redisUrl: url, clock, log } = options;
    this.#parts = { clock, log };
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    setMaxListeners(0, signal);
    this.#redis = connectRedis({ url, clock, log: log.child({ of: 'commands' }), signal });
    this.#redis.onReady(() => this.#again());
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    this.#loop = this.#read(signal).catch(() => undefined);
  }

  get idle(): boolean {
    return this.#streams.size === 0;
  }

  /** Gives each entry of the stream; returns what ends that. */
  read(stream: string, onEntry: OnEntry): () => void {
    this.#streams.set(stream, { last: '0-0', onEntry });
    this.#wake();
    return () => this.#streams.delete(stream);
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('closed'));
    await Promise.all([this.#redis.close(), this.#loop]);
  }

  /** A Redis that comes back may hold less than it did, and its clock may be another. */
  #again(): void {
    for (const stream of this.#streams.values()) stream.last = '0-0';
    this.#wake();
  }

  async #read(signal: AbortSignal): Promise<void> {
    let attempt = 0;
    const isOver = () => signal.aborted;
    while (!isOver()) {
      try {
        await this.#untilThereIsSome();
        signal.throwIfAborted();
        await this.#next();
        attempt = 0;
      } catch (cause) {
        // Closed because no call is left to read for: the read that waited ends by that.
        if (isOver()) return;
        const { code, message } = asAttendantError(cause);
        if (this.#redis.ready && attempt === 0)
          this.#parts.log.warn({ code, cause: message }, 'commands could not be read');
        await this.#parts.clock.sleep(backoff(attempt, RETRY), signal).catch(() => undefined);
        attempt += 1;
      }
    }
  }

  /** Resolves when there are streams to read, and a Redis to read them from; or when we end. */
  async #untilThereIsSome(): Promise<void> {
    if (!this.idle && this.#redis.ready) return;
    await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  async #next(): Promise<void> {
    const from = [...this.#streams].map(([key, { last: id }]) => ({ key, id }));
    const read = await this.#redis.run(
      // Redis answers null where nothing came; the client's type does not know what it gets.
      (client) => client.xRead(from, { BLOCK, COUNT }) as Promise<Read | null>,
      BLOCK + READ_TIMEOUT,
    );
    for (const { name, messages } of read ?? []) {
      for (const { id, message } of messages) {
        const stream = this.#streams.get(name);
        if (!stream) break;
        stream.last = id;
        stream.onEntry(id, message);
      }
    }
  }
}
