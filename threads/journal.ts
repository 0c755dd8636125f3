import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { isOrganization, isThreadId } from '../base/ids.ts';
import { thisProcess, type ProcessIdentity } from './alive.ts';
import type { NumberedEntry, ThreadStart } from './entry.ts';

/**
 * A journal is one file of one writer: `<thread>.<epoch>.jsonl`. Its first line says whose it is, each further line is one
 * entry, and the last one, where the call came to its end, says that it is closed.
 */
export interface JournalHead {
  readonly journal: 1;
  readonly organization: ThreadStart['organization'];
  readonly thread: ThreadStart['id'];
  readonly epoch: number;
  readonly writer: ProcessIdentity;
}

/** How much of a file's end is read to find its last line. */
const TAIL = 256 * 1024;

const NAME = /^thr_[0-9A-Z]{26}\.\d{1,9}\.jsonl$/;

export const isJournal = (file: string): boolean => NAME.test(file);

export const journalPath = (folder: string, id: string, epoch: number): string =>
  join(folder, `${id}.${epoch}.jsonl`);

/** Makes the folder of the journals, for its owner alone: they hold what was said. */
export function makeJournalFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/**
 * Writes a journal. Every write is done when it returns, so that a process killed the next moment has lost nothing and the
 * lines stand in order. A write may fail (disk full): nothing of it is left then, and it may be tried again.
 */
export class Journal {
  readonly path: string;
  readonly #fd: number;
  /** Undefined once it is written. */
  #head: JournalHead | undefined;
  #size = 0;
  #torn = false;

  /** @throws the file system's error, EEXIST where there is a journal of that thread and epoch */
  constructor(folder: string, start: ThreadStart, epoch: number) {
    this.path = journalPath(folder, start.id, epoch);
    this.#fd = openSync(this.path, 'ax', 0o600);
    const { id: thread, organization } = start;
    this.#head = { journal: 1, organization, thread, epoch, writer: thisProcess() };
    try {
      this.#begin();
    } catch {
      // No room for it: the first entry tries again, and says so.
    }
  }

  /** @throws the file system's error */
  append(numbered: NumberedEntry): void {
    this.#begin();
    this.#line(JSON.stringify(numbered));
  }

  /** Marks the journal as complete and closes its file. @throws the file system's error */
  close(): void {
    try {
      this.#line('{"closed":true}');
    } finally {
      closeSync(this.#fd);
    }
  }

  #begin(): void {
    if (!this.#head) return;
    this.#line(JSON.stringify(this.#head));
    this.#head = undefined;
  }

  #line(text: string): void {
    // Unicode's own line separators are no line ends of JSON, but some readers of lines take them for such.
    const line = text.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
    const bytes = Buffer.from(`${this.#torn ? '\n' : ''}${line}\n`);
    this.#torn = true;
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(this.#fd, bytes, done);
    } catch (cause) {
      this.#cutBack();
      throw cause;
    }
    this.#size += bytes.length;
    this.#torn = false;
  }

  /** A line of which a part was written: a first line must be whole, and one that lacks only its end would be read, and written again. */
  #cutBack(): void {
    try {
      ftruncateSync(this.#fd, this.#size);
      this.#torn = false;
    } catch {
      // The next line begins on a line of its own.
    }
  }
}

/** The entries of a journal as they stand in it. A line that is torn or broken is left out. */
export async function* readJournal(path: string): AsyncGenerator<NumberedEntry> {
  const file = await open(path);
  try {
    for await (const line of file.readLines()) {
      const numbered = parseLine(line);
      if (numbered) yield numbered;
    }
  } finally {
    await file.close().catch(() => undefined);
  }
}

/** What can be told of a journal without reading all of it. */
export interface JournalFacts {
  readonly head: JournalHead;
  /** Number of the last entry; 0 where there is none. */
  readonly last: number;
  readonly closed: boolean;
  /** When it was last written to, milliseconds since 1970. */
  readonly at: number;
}

/** The facts of a journal; undefined where even its first line is torn, so that nothing of it can be used. */
export async function journalFacts(path: string): Promise<JournalFacts | undefined> {
  const file = await open(path);
  try {
    const { size, mtimeMs: at } = await file.stat();
    const first = Buffer.alloc(Math.min(size, 4096));
    await file.read(first, 0, first.length, 0);
    const head = parseHead(first.toString('utf8').split('\n', 1)[0] ?? '');
    if (!head) return undefined;
    const end = Buffer.alloc(Math.min(size, TAIL));
    await file.read(end, 0, end.length, size - end.length);
    let closed = false;
    for (const line of end.toString('utf8').split('\n').reverse()) {
      if (line === '{"closed":true}') closed = true;
      const numbered = parseLine(line);
      if (numbered) return { head, last: numbered.n, closed, at };
    }
    // No whole entry: either none was written, or one that is longer than what was read; then all of it is to be read.
    return { head, last: size > TAIL ? Number.MAX_SAFE_INTEGER : 0, closed, at };
  } finally {
    await file.close().catch(() => undefined);
  }
}

function parseHead(line: string): JournalHead | undefined {
  const head = parse(line) as Partial<JournalHead> | undefined;
  if (head?.journal !== 1 || typeof head.writer?.pid !== 'number' || !Number.isSafeInteger(head.epoch))
    return undefined;
  if (!isThreadId(head.thread ?? '') || !isOrganization(head.organization ?? '')) return undefined;
  return head as JournalHead;
}

function parseLine(line: string): NumberedEntry | undefined {
  const found = parse(line) as Partial<NumberedEntry> | undefined;
  // The numbers become an offset in Redis: a garbled one must not make it allocate half a gigabyte.
  return found?.entry && isCount(found.n) && isCount(found.epoch) ? (found as NumberedEntry) : undefined;
}

const isCount = (n: unknown): boolean => Number.isSafeInteger(n) && (n as number) > 0 && (n as number) < 1e7;

function parse(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
