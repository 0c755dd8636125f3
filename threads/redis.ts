import { createClient, ErrorReply } from 'redis';
import { backoff } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import { AttendantError, reasonOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { within } from '../base/within.ts';

/** How long a connection may take to come up, TCP and greeting together. */
const CONNECT_TIMEOUT = 3_000;
/** How long a command may take when nobody says otherwise. */
const COMMAND_TIMEOUT = 3_000;
/** How often an otherwise idle connection is asked whether it lives: TCP alone never says that a peer hangs. */
const PING_INTERVAL = 3_000;

const RETRY = { first: 50, most: 2_000 };

function create(url: string) {
  const client = createClient({
    url,
    // RESP2 keeps the hello away that Redis 5 and some look-alikes do not know.
    RESP: 2,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    // A connection that is lost is replaced as a whole below, so the client must not also try.
    socket: { reconnectStrategy: false, connectTimeout: CONNECT_TIMEOUT },
  });
  return client;
}

export type RedisClient = ReturnType<typeof create>;

/** One connection to Redis that comes back by itself. */
export interface Redis {
  /** Whether a command has a chance right now. */
  readonly ready: boolean;
  /**
   * Runs commands on the connection. While Redis is away it rejects at once instead of waiting.
   *
   * @throws AttendantError E_REDIS_UNREACHABLE, E_TIMEOUT after `timeout` ms, E_REDIS_REFUSED where Redis answered with an error.
   */
  run<T>(commands: (client: RedisClient) => Promise<T>, timeout?: number): Promise<T>;
  /** Calls `listener` at every (re)connection, also soon where there is one already. Returns what takes it off. */
  onReady(listener: () => void): () => void;
  /** Ends the connection; what is in flight rejects. */
  close(): Promise<void>;
}

/**
 * Connects in the background and keeps connected, with bounded back-off, until the signal aborts or `close` is called. Coming
 * and going is logged once each.
 *
 * @throws AttendantError E_CONFIG when the URL is malformed (its text is not repeated: it may hold a password).
 */
export function connectRedis(options: { url: string; clock: Clock; log: Log; signal: AbortSignal }): Redis {
  const { url, clock, log } = options;
  const closing = new AbortController();
  const signal = AbortSignal.any([options.signal, closing.signal]);
  const listeners = new Set<() => void>();
  let current: RedisClient | undefined;
  let state: 'unknown' | 'ready' | 'away' = 'unknown';

  const say = (now: 'ready' | 'away', cause?: unknown) => {
    if (state === now || signal.aborted) return;
    state = now;
    if (now === 'ready') log.info('redis is ready');
    else
      log.warn({ code: 'E_REDIS_UNREACHABLE', cause: reasonOf(cause) }, 'redis is away; going on without it');
  };

  /** One connection from its first packet until `down` aborts or it fails; resolves never. */
  const live = async (client: RedisClient, down: AbortSignal, onUp: () => void): Promise<never> => {
    // The ping finds out what connecting alone does not: still loading, or a password that is missing.
    await within(
      client.connect().then(() => client.ping()),
      CONNECT_TIMEOUT,
      { what: 'redis', clock },
    );
    down.throwIfAborted();
    onUp();
    for (;;) {
      await clock.sleep(PING_INTERVAL, down);
      await within(client.ping(), COMMAND_TIMEOUT, { what: 'redis', clock });
    }
  };

  const keep = async () => {
    for (let attempt = 0; !signal.aborted; attempt++) {
      const client = create(url);
      const down = new AbortController();
      const stop = () => down.abort(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
      // Before what is in flight rejects: those who hear of it must find `ready` false.
      const lose = (cause: unknown) => {
        current = undefined;
        down.abort(cause);
      };
      client.on('error', lose);
      client.on('end', () => lose(new Error('the connection was closed')));
      try {
        await live(client, down.signal, () => {
          attempt = 0;
          current = client;
          say('ready');
          for (const listener of listeners) listener();
        });
      } catch (cause) {
        lose(cause);
        client.destroy();
        say('away', cause);
      }
      signal.removeEventListener('abort', stop);
      await clock.sleep(backoff(attempt, RETRY), signal).catch(() => undefined);
    }
  };

  probe(url);
  const kept = keep();

  return {
    get ready() {
      return current !== undefined;
    },
    run: async (commands, timeout = COMMAND_TIMEOUT) => {
      if (!current) throw new AttendantError('E_REDIS_UNREACHABLE', 'redis is away');
      try {
        return await within(commands(current), timeout, { what: 'redis', clock });
      } catch (cause) {
        throw asRedisError(cause);
      }
    },
    onReady: (listener) => {
      listeners.add(listener);
      if (current) {
        queueMicrotask(() => {
          if (current && listeners.has(listener)) listener();
        });
      }
      return () => listeners.delete(listener);
    },
    close: async () => {
      closing.abort(new Error('closed'));
      await kept;
    },
  };
}

/** Fails at start, not in the background, for a URL that can never work. */
function probe(url: string): void {
  try {
    create(url);
  } catch {
    throw new AttendantError('E_CONFIG', 'REDIS_URL is not a redis:// or rediss:// URL');
  }
}

function asRedisError(cause: unknown): AttendantError {
  if (cause instanceof AttendantError) return cause;
  if (cause instanceof ErrorReply) return new AttendantError('E_REDIS_REFUSED', reasonOf(cause), { cause });
  return new AttendantError('E_REDIS_UNREACHABLE', reasonOf(cause), { cause });
}
