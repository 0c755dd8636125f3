import { setMaxListeners } from 'node:events';
import { backoff } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import { asAttendantError } from '../base/errors.ts';
import type { Organization } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { eventsKey } from './keys.ts';
import { connectRedis, type Redis } from './redis.ts';

/** How long one read waits for something to happen: well below the time in which the connection is asked whether it lives. */
const BLOCK = 2_000;
/** Events in one read. */
const COUNT = 500;
const RETRY = { first: 100, most: 2_000 };

/** An entry of some thread as it stands in a stream. `id` grows from each to the next. */
export interface LiveEvent {
  /** Of the stream: `<milliseconds>-<number>`. */
  readonly id: string;
  readonly thread: string;
  readonly uid: string;
  readonly epoch: number;
  readonly n: number;
  readonly kind: string;
  /** The entry as JSON. */
  readonly entry: string;
}

/** The event of a stream's fields; undefined where it is none: others can write to Redis too. */
export function eventOf(id: string, fields: Readonly<Record<string, string>>): LiveEvent | undefined {
  const { thread, uid, epoch, n, kind, entry } = fields;
  if (thread === undefined || uid === undefined || kind === undefined || entry === undefined)
    return undefined;
  try {
    JSON.parse(entry);
  } catch {
    return undefined;
  }
  return { id, thread, uid, epoch: Number(epoch), n: Number(n), kind, entry };
}

/** Reads what happens in one organization, on a connection of its own, for all who follow it in this process. */
export class LiveReader {
  readonly #listeners = new Set<(event: LiveEvent) => void>();
  readonly #closing = new AbortController();
  readonly #redis: Redis;
  readonly #parts: { clock: Clock; log: Log };
  readonly #organization: Organization;
  /** Settled once Redis was there. */
  readonly #begun: Promise<void>;
  #last: string | undefined;
  readonly #loop: Promise<void>;

  constructor(
    organization: Organization,
    options: { redisUrl: string; clock: Clock; log: Log; signal: AbortSignal },
  ) {
    const { redisUrl: url, clock, log } = options;
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    setMaxListeners(0, signal);
    this.#organization = organization;
    this.#parts = { clock, log };
    this.#redis = connectRedis({ url, clock, log: log.child({ of: 'live events' }), signal });
    let begin: () => void = () => undefined;
    let fail: (cause: unknown) => void = () => undefined;
    this.#begun = new Promise((resolve, reject) => {
      begin = resolve;
      fail = reject;
    });
    this.#begun.catch(() => undefined);
    this.#loop = this.#read(begin, signal)
      .catch(() => undefined)
      .finally(() => fail(signal.reason));
  }

  get idle(): boolean {
    return this.#listeners.size === 0;
  }

  /** The id of the last event that was told, or that was there before: what follows is told. Waits until Redis was there. */
  async position(): Promise<string> {
    await this.#begun;
    return this.#last ?? '0-0';
  }

  /** Tells each event from now on; returns what ends that. */
  listen(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('closed'));
    await Promise.all([this.#redis.close(), this.#loop]);
  }

  async #read(begin: () => void, signal: AbortSignal): Promise<void> {
    const key = eventsKey(this.#organization);
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        if (this.#last === undefined) {
          const [newest] =
            (await this.#redis.run((client) => client.xRevRange(key, '+', '-', { COUNT: 1 }))) ?? [];
          this.#last = newest?.id ?? '0-0';
          begin();
        }
        await this.#next(key, this.#last);
        attempt = -1;
      } catch (cause) {
        const { code, message } = asAttendantError(cause);
        if (this.#redis.ready)
          this.#parts.log.warn({ code, cause: message }, 'live events could not be read');
        await this.#parts.clock.sleep(backoff(attempt, RETRY), signal);
      }
    }
  }

  /** Waits for what follows, and tells it. */
  async #next(key: string, after: string): Promise<void> {
    // Redis answers null where nothing came; the client's type does not know what it gets.
    const read = (await this.#redis.run(
      (client) => client.xRead({ key, id: after }, { BLOCK, COUNT }),
      2 * BLOCK,
    )) as { messages: { id: string; message: Record<string, string> }[] }[] | null;
    for (const { id, message } of read?.[0]?.messages ?? []) {
      this.#last = id;
      const event = eventOf(id, message);
      if (event) for (const listener of [...this.#listeners]) listener(event);
    }
  }
}
