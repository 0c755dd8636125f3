import { backoff } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import { asAttendantError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Item } from './append.ts';
import type { Entry, NumberedEntry, ThreadStart, ThreadWriter } from './entry.ts';
import { inOrder } from './fold.ts';
import { Journal, readJournal } from './journal.ts';
import type { Redis } from './redis.ts';
import { batchLength, Items, sendAll, sendBatch } from './send.ts';

/** Items kept in memory while Redis is away; beyond that they are read back from the journal. */
const PENDING = 500;
/** Entries that the journal did not take (disk full) are kept in memory, up to this many. */
const UNJOURNALED = 10_000;
const UNJOURNALED_SO_FAR =
  'the journal does not take entries; they are kept in memory until it does, or Redis has them';
const REFUSED = 'redis did not take entries; trying again';
const RETRY = { first: 100, most: 5_000 };

interface WriterParts {
  readonly redis: Redis;
  /** Where the journal goes; undefined writes none. */
  readonly journalFolder: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the sending. */
  readonly signal: AbortSignal;
  /** Called when the writer is closed and Redis has all of it; perhaps more than once. */
  readonly onDone: (writer: Writer) => void;
}

/** Writes one thread in one epoch: the journal at once, Redis as it can. */
export class Writer implements ThreadWriter {
  readonly start: ThreadStart;
  readonly epoch: number;
  readonly #parts: WriterParts;
  readonly #log: Log;
  readonly #items = new Items();
  #journal: Journal | undefined;
  readonly #path: string | undefined;
  /** Number of the last entry appended. */
  #n = 0;
  /** All up to this number was sent. */
  #sent = 0;
  /** What is to be sent next, in order, unless `#behind`. */
  #pending: Item[] = [];
  /** Entries that the journal has not taken, in order. */
  readonly #unjournaled: NumberedEntry[] = [];
  /** What follows `#sent` is to be read back. */
  #behind = false;
  /** Redis is to be asked whether it still holds what was sent. */
  #check = false;
  /** All of it was sent again on this connection: what Redis lacks even so cannot be found any more. */
  #resent = false;
  #sending = false;
  #closed = false;
  readonly #complaints = new Set<string>();
  readonly #waiting = new Set<() => void>();

  /** @throws the file system's error where the journal exists already: two writers must not share an epoch */
  constructor(start: ThreadStart, epoch: number, parts: WriterParts) {
    this.start = start;
    this.epoch = epoch;
    this.#parts = parts;
    this.#log = parts.log.child({ call: start.id, uid: start.uid });
    try {
      if (parts.journalFolder !== undefined) this.#journal = new Journal(parts.journalFolder, start, epoch);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') throw cause;
      this.#complain(
        asAttendantError(cause, 'E_JOURNAL_FAILED'),
        'no journal for this thread; it is kept in memory until Redis has it',
      );
    }
    this.#path = this.#journal?.path;
    this.append({ kind: 'started', start });
  }

  append(entry: Entry): void {
    if (this.#closed) {
      this.#log.warn({ kind: entry.kind }, 'an entry came after its thread was closed; it is left out');
      return;
    }
    const numbered = { epoch: this.epoch, n: this.#n + 1, entry };
    let item: Item;
    try {
      item = this.#items.next(numbered);
    } catch (cause) {
      this.#complain(cause, 'an entry is no JSON; it is left out');
      return;
    }
    this.#n++;
    this.#write(numbered);
    if (!this.#behind) this.#pending.push(item);
    if (this.#pending.length > PENDING) this.#fallBehind();
    this.#kick();
  }

  async flushed(signal: AbortSignal): Promise<void> {
    if (this.#isDone()) return;
    const either = AbortSignal.any([signal, this.#parts.signal]);
    either.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(onDone);
        reject(either.reason as Error);
      };
      const onDone = () => {
        either.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#waiting.add(onDone);
      either.addEventListener('abort', onAbort, { once: true });
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#journal?.close();
    } catch (cause) {
      this.#complain(cause, 'the journal could not be closed');
    }
    if (this.#isDone()) this.#parts.onDone(this);
    else this.#kick();
  }

  /** How many entries Redis does not have yet, as far as is known. */
  get backlog(): number {
    return this.#n - this.#sent;
  }

  /** How many entries are in no journal, and only Redis has them. */
  get unjournaled(): number {
    return this.#parts.journalFolder === undefined ? 0 : this.#unjournaled.length;
  }

  /** Redis is there (again): what it holds is checked, and the rest is sent. */
  redisReady(): void {
    this.#check = true;
    this.#resent = false;
    this.#kick();
  }

  /** To the journal, behind what it did not take before. */
  #write(numbered: NumberedEntry): void {
    if (this.#unjournaled.length < UNJOURNALED) this.#unjournaled.push(numbered);
    else this.#complain(new Error('too much of it'), 'entries are in no journal; older ones win');
    if (!this.#journal) return;
    try {
      for (let first = this.#unjournaled[0]; first; first = this.#unjournaled[0]) {
        this.#journal.append(first);
        this.#unjournaled.shift();
      }
      if (this.#complaints.delete(UNJOURNALED_SO_FAR)) this.#log.info('the journal takes entries again');
    } catch (cause) {
      this.#complain(asAttendantError(cause, 'E_JOURNAL_FAILED'), UNJOURNALED_SO_FAR);
    }
  }

  #isDone(): boolean {
    return !this.#behind && !this.#check && this.#pending.length === 0 && this.#sent === this.#n;
  }

  #fallBehind(): void {
    this.#behind = true;
    this.#pending = [];
  }

  #kick(): void {
    if (!this.#sending) void this.#send();
  }

  /** The only place that sends, one step at a time, so that entries reach Redis in order. Never rejects. */
  async #send(): Promise<void> {
    const { redis, clock, signal } = this.#parts;
    let attempt = 0;
    this.#sending = true;
    while (redis.ready && !signal.aborted && !this.#isDone()) {
      try {
        if (this.#behind) await this.#catchUp();
        else await this.#sendNext();
        attempt = 0;
      } catch (cause) {
        // Where the connection is lost, its return begins this anew; anything else is tried again.
        if (isLost(redis)) break;
        this.#complain(cause, REFUSED);
        await clock.sleep(backoff(attempt++, RETRY), signal).catch(() => undefined);
      }
    }
    this.#sending = false;
    if (!this.#isDone()) return;
    this.#complaints.delete(REFUSED);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
    if (this.#closed) this.#parts.onDone(this);
  }

  /** Sends the next batch from memory; on a new connection first only asks what Redis holds, so that what it lost comes before what is new. */
  async #sendNext(): Promise<void> {
    const batch = this.#check ? [] : this.#pending.slice(0, batchLength(this.#pending));
    this.#check = false;
    try {
      const { seen } = await sendBatch(this.#parts.redis, this.start, this.epoch, batch);
      this.#sent = batch.at(-1)?.n ?? this.#sent;
      if (!this.#behind) this.#pending.splice(0, batch.length);
      this.#compare(seen);
    } catch (cause) {
      this.#check = true;
      throw cause;
    }
  }

  /** Sends everything after `#sent` from the journal, until it has caught up with what is appended meanwhile. */
  async #catchUp(): Promise<void> {
    const upTo = this.#n;
    this.#check = false;
    const { seen } = await sendAll(this.#parts.redis, this.start, this.epoch, this.#written(), this.#sent);
    this.#sent = upTo;
    if (upTo === this.#n) this.#behind = false;
    this.#compare(seen);
  }

  /** All that was appended so far, from the first entry, in order. */
  async *#written(): AsyncGenerator<NumberedEntry> {
    if (this.#path === undefined) {
      yield* [...this.#unjournaled];
    } else if (this.#unjournaled.length === 0) {
      yield* readJournal(this.#path);
    } else {
      const entries = [...this.#unjournaled];
      for await (const numbered of readJournal(this.#path)) entries.push(numbered);
      yield* inOrder(entries);
    }
  }

  /** Redis must hold all that was sent. A Redis that came back with less, or with nothing, gets everything again. */
  #compare(seen: number): void {
    if (seen >= this.#sent) {
      this.#resent = false;
    } else if (!this.#resent) {
      this.#resent = true;
      this.#log.warn({ sent: this.#sent, seen }, 'redis lost entries of a thread; sending it again');
      this.#sent = 0;
      this.#fallBehind();
    }
  }

  /** Logs a trouble once, not at every entry. */
  #complain(cause: unknown, what: string): void {
    if (this.#complaints.has(what)) return;
    this.#complaints.add(what);
    const { code, message } = asAttendantError(cause);
    this.#log.error({ code, cause: message }, what);
  }
}

/** Read anew: what was true before a wait need not be after it. */
const isLost = (redis: Redis): boolean => !redis.ready;
