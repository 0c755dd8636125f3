import { setMaxListeners } from 'node:events';
import type { Clock } from '../base/clock.ts';
import type { Organization, ThreadId, Uid } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Archive } from './archive/archive.ts';
import { archivedOf, archivedVersion } from './archive/archived.ts';
import { entriesKey, eventsKey } from './keys.ts';
import { eventOf, LiveReader, type LiveEvent } from './live-reader.ts';
import { readWhole } from './read.ts';
import type { Redis } from './redis.ts';
import { isBehind } from './stream-id.ts';

/** Events kept for one who reads slower than they come; then they are read from Redis again instead. */
const MOST_WAITING = 500;
const MOST_BYTES = 512 * 1024;
/** Events read from Redis in one step. */
const PAGE = 200;
/** A reader that nobody listens to any more stays this long, for those who come back. */
const LINGER = 10_000;

/** Events between this id and the next were no longer there. */
interface Gap {
  readonly kind: 'gap';
  readonly after: string;
}

/** Whose events, and from where on. */
export interface Following {
  /** One call: from its first entry on unless `after` is given; ends with the call, or with its analysis where there is to be one. */
  readonly thread?: { readonly id: ThreadId; readonly uid: Uid } | undefined;
  /** All calls of a UID. */
  readonly uid?: Uid | undefined;
  /** Only what follows this id; of what a stream does not hold any more a gap is told. */
  readonly after?: string | undefined;
}

/** What happens in calls, as it happens. */
export interface LiveEvents {
  /**
   * The events in order, each once. Waits for the next one until the signal aborts, and throws its reason then.
   *
   * @throws AttendantError as `Redis.run`
   */
  follow(
    organization: Organization,
    following: Following,
    signal: AbortSignal,
  ): AsyncGenerator<LiveEvent | Gap, void>;
  /** The id of the newest event of the organization; `0-0` where there is none. @throws AttendantError as `Redis.run` */
  newest(organization: Organization): Promise<string>;
  /** The id of the thread's last entry. @throws AttendantError as `Redis.run` */
  lastOf(organization: Organization, thread: ThreadId): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Opens the live events; one connection for each organization that somebody follows, and `redis` for what was before. */
export function openLiveEvents(options: {
  redis: Redis;
  redisUrl: string;
  /** Where the entries of old threads are. */
  archive?: Archive;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
}): LiveEvents {
  const { redis, archive, clock } = options;
  const readers = new Map<Organization, LiveReader>();
  const ending = new Set<Promise<void>>();
  const signal = AbortSignal.any([options.signal]);
  setMaxListeners(0, signal);

  const readerOf = (organization: Organization): LiveReader => {
    const reader = readers.get(organization) ?? new LiveReader(organization, { ...options, signal });
    readers.set(organization, reader);
    return reader;
  };
  const release = (organization: Organization, reader: LiveReader) => {
    clock.after(LINGER, () => {
      if (!reader.idle || readers.get(organization) !== reader) return;
      readers.delete(organization);
      const ended = reader.close().finally(() => ending.delete(ended));
      ending.add(ended);
    });
  };

  return {
    follow: async function* (organization, following, until) {
      const reader = readerOf(organization);
      const waiting = new Waiting(following);
      const stop = reader.listen((event) => waiting.take(event));
      const either = AbortSignal.any([signal, until]);
      try {
        const from = await abortable(reader.position(), either);
        let last = following.after ?? (following.thread ? '0-0' : from);
        for (;;) {
          // First what Redis holds, then what came meanwhile and comes; what fell out of the buffer is in Redis again.
          waiting.clear();
          let isOver = false;
          for await (const event of stored({ redis, archive }, organization, following, last)) {
            if (event.kind === 'gap') {
              yield event;
              continue;
            }
            last = (event as LiveEvent).id;
            if (event.kind === 'started') isOver = false;
            else if (isLast(event as LiveEvent)) isOver = true;
            if (belongs(following, event as LiveEvent)) yield event;
          }
          if (following.thread && isOver) return;
          for (let event = await waiting.next(either); event; event = await waiting.next(either)) {
            if (!isBehind(event.id, last)) continue;
            last = event.id;
            yield event;
            if (following.thread && isLast(event)) return;
          }
        }
      } finally {
        stop();
        if (reader.idle) release(organization, reader);
      }
    },
    newest: async (organization) => (await lastIn(redis, eventsKey(organization))) ?? '0-0',
    lastOf: async (organization, thread) => {
      const last = await lastIn(redis, entriesKey(organization, thread));
      return last ?? (await archivedOf(redis, organization, [thread]))[0]?.last;
    },
    close: async () => {
      await Promise.all([...[...readers.values()].map((reader) => reader.close()), ...ending]);
    },
  };
}

/** Whether nothing of the call follows: its analysis does where it is to be analyzed. */
function isLast({ kind, entry }: LiveEvent): boolean {
  if (kind === 'analysis') return true;
  return kind === 'ended' && (JSON.parse(entry) as { analysis?: unknown } | null)?.analysis === undefined;
}

async function lastIn(redis: Redis, stream: string): Promise<string | undefined> {
  const [last] = (await redis.run((client) => client.xRevRange(stream, '+', '-', { COUNT: 1 }))) ?? [];
  return last?.id;
}

function belongs({ thread, uid }: Following, event: LiveEvent): boolean {
  return (!thread || event.thread === thread.id) && (uid === undefined || event.uid === uid);
}

/** What Redis holds behind that id; of a thread also what the archive holds. */
async function* stored(
  { redis, archive }: { redis: Redis; archive: Archive | undefined },
  organization: Organization,
  { thread }: Following,
  after: string,
): AsyncGenerator<LiveEvent | Gap> {
  const key = thread ? entriesKey(organization, thread.id) : eventsKey(organization);
  if (!thread && isBehind(after, '0-0')) {
    const [first] = (await redis.run((client) => client.xRange(key, '-', '+', { COUNT: 1 }))) ?? [];
    // What is behind an event that is there still, is there too.
    if (first && isBehind(first.id, after)) yield { kind: 'gap', after };
  }
  const isMoved = async () =>
    thread && archive && (await archivedVersion(redis, organization, thread.id)) !== undefined;
  let from = after;
  if (!(await isMoved())) {
    for (;;) {
      const page = (await redis.run((client) => client.xRange(key, `(${from}`, '+', { COUNT: PAGE }))) ?? [];
      for (const { id, message } of page) {
        const fields = thread ? { ...message, thread: thread.id, uid: thread.uid } : message;
        const event = eventOf(id, fields);
        if (event) yield event;
      }
      from = page.at(-1)?.id ?? from;
      if (page.length < PAGE) break;
    }
    // It may have moved just now, between two pages.
    if (!(await isMoved())) return;
  }
  if (!thread) return;
  for (const { id, epoch, n, entry } of await readWhole(redis, organization, thread.id, archive)) {
    if (!isBehind(id, from)) continue;
    const { kind } = entry;
    yield { id, thread: thread.id, uid: thread.uid, epoch, n, kind, entry: JSON.stringify(entry) };
  }
}

/** What came for one follower and was not read yet. */
class Waiting {
  readonly #following: Following;
  #events: LiveEvent[] = [];
  #bytes = 0;
  #isFull = false;
  #wake: () => void = () => undefined;

  constructor(following: Following) {
    this.#following = following;
  }

  take(event: LiveEvent): void {
    if (this.#isFull || !belongs(this.#following, event)) return;
    this.#bytes += event.entry.length;
    if (this.#events.length >= MOST_WAITING || this.#bytes > MOST_BYTES) {
      this.#isFull = true;
      this.#events = [];
    } else this.#events.push(event);
    this.#wake();
  }

  clear(): void {
    this.#events = [];
    this.#bytes = 0;
    this.#isFull = false;
  }

  /** The next one; undefined where there were too many. @throws the signal's reason */
  async next(signal: AbortSignal): Promise<LiveEvent | undefined> {
    while (this.#events.length === 0 && !this.#isFull) {
      await abortable(new Promise<void>((resolve) => (this.#wake = resolve)), signal);
    }
    const event = this.#events.shift();
    this.#bytes -= event?.entry.length ?? 0;
    return event;
  }
}

/** The promise, or the signal's reason. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', stop));
}
