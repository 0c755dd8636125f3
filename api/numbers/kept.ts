import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asAttendantError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Config } from '../../config.ts';
import type { Assigned, Assignment, Numbers } from '../../threads/numbers.ts';

/**
 * The numbers that are taken, with a copy on this disk: a Redis that comes back empty, or older, gets them back from whoever knew the most.
 */
export class KeptNumbers {
  readonly #numbers: Numbers;
  readonly #file: string;
  readonly #log: Log;
  #known: Assigned;
  #complained = false;

  constructor(numbers: Numbers, { home }: Pick<Config, 'home'>, log: Log) {
    this.#numbers = numbers;
    this.#file = join(home, '.attendant', 'numbers.json');
    this.#log = log;
    this.#known = readCopy(this.#file);
  }

  /** As they are now. @throws AttendantError as `Redis.run` */
  async now(): Promise<readonly Assignment[]> {
    let assigned = await this.#numbers.all();
    if (assigned.version < this.#known.version) {
      await this.#numbers.restore(this.#known);
      assigned = await this.#numbers.all();
      this.#log.warn(
        { numbers: assigned.numbers.length },
        'Redis had lost which numbers are taken; it knows again',
      );
    }
    this.#keep(assigned);
    return assigned.numbers;
  }

  #keep(assigned: Assigned): void {
    // Two looks may overtake each other.
    if (assigned.version <= this.#known.version) return;
    this.#known = assigned;
    try {
      mkdirSync(dirname(this.#file), { recursive: true });
      writeFileSync(`${this.#file}.new`, JSON.stringify(assigned), { mode: 0o600 });
      renameSync(`${this.#file}.new`, this.#file);
      this.#complained = false;
    } catch (thrown) {
      if (!this.#complained)
        this.#log.error(
          { code: 'E_CONFIG', cause: asAttendantError(thrown).message },
          'which numbers are taken cannot be kept on this disk',
        );
      this.#complained = true;
    }
  }
}

function readCopy(file: string): Assigned {
  try {
    const { version, numbers } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Assigned>;
    if (Number.isInteger(version) && Array.isArray(numbers)) return { version: version ?? 0, numbers };
  } catch {
    // There is none yet, or it is none of ours.
  }
  return { version: 0, numbers: [] };
}
