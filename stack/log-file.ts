import { closeSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const MOST_BYTES = 20 * 1024 * 1024;

/** A server's log: appended to, and put aside as `<file>.1` when it has grown to 20 MB, so that it never fills a disk. */
export class LogFile {
  readonly #path: string;
  #file: number | undefined;
  #bytes = 0;

  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    this.#open();
  }

  write(line: string): void {
    if (this.#file === undefined) return;
    try {
      this.#bytes += writeSync(this.#file, `${line}\n`);
      if (this.#bytes < MOST_BYTES) return;
      this.close();
      renameSync(this.#path, `${this.#path}.1`);
      this.#open();
    } catch {
      // A full disk must not end the calls that are logged.
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #open(): void {
    this.#file = openSync(this.#path, 'a', 0o600);
    this.#bytes = statSync(this.#path).size;
  }
}
