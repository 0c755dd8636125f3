import type { Clock } from '../../base/clock.ts';
import type { DigitCollection, ThreadWriter } from '../../threads/entry.ts';
import { discreet, masked, SecretDigits, withoutNumbers } from '../../threads/secret-digits.ts';
import type { Definition } from '../definition/definition.ts';
import type { JsonObject } from '../tools/tool.ts';

/** Words that are recognized so long after a collection were said during it, or correct it. Milliseconds. */
const AFTERMATH = 10_000;

/** What the thread is told of words, and what the model is. */
export interface Heard {
  readonly recorded: string;
  readonly told: string;
}

/**
 * What a call keeps to itself, as its definition says (`sensitive`, `to_model`): the numbers that its collections asked for, and who may know
 * them. Nothing of it outlives the call.
 */
export class Discretion {
  readonly #secrets = new SecretDigits();
  readonly #references = new Map<string, string>();
  readonly #sensitive: boolean;
  readonly #fromModel: boolean;
  readonly #clock: Clock;
  /** Another worker had the call before, and knew numbers that this one does not. */
  readonly #knowsLess: boolean;
  #collectedAt = -Infinity;

  constructor(definition: Definition, clock: Clock, { knowsLess = false }: { knowsLess?: boolean } = {}) {
    const { receive_dtmf } = definition.tools;
    this.#sensitive = receive_dtmf?.sensitive ?? false;
    this.#fromModel = receive_dtmf?.to_model === 'masked';
    this.#clock = clock;
    this.#knowsLess = knowsLess;
  }

  /** The thread as the call may write to it. */
  over(thread: ThreadWriter): ThreadWriter {
    return this.#sensitive ? discreet(thread, this.#secrets, { keys: true }) : thread;
  }

  /** A collection has ended with these digits. */
  typed(digits: string): void {
    if (!this.#sensitive) return;
    this.#secrets.add(digits);
    this.#collectedAt = this.#clock.elapsed();
  }

  /** What the thread may know of a collection. */
  collected(collection: DigitCollection): DigitCollection {
    return this.#sensitive ? { ...collection, digits: masked(collection.digits) } : collection;
  }

  /** Keys that no tool asked for: they may be what is left of a number. Gives what the model may know. */
  unclaimed(keys: string): string {
    if (!this.#sensitive) return keys;
    this.#secrets.add(keys);
    return this.#fromModel ? masked(keys) : keys;
  }

  /** The caller's words. Where a sensitive number is or was just asked for, numbers in them are taken for it. */
  heard(words: string, options: { collecting: boolean }): Heard {
    const late = this.#clock.elapsed() - this.#collectedAt < AFTERMATH;
    if (!this.#sensitive || !(options.collecting || late || this.#knowsLess))
      return { recorded: words, told: words };
    this.#secrets.addAllIn(words);
    const shown = withoutNumbers(words);
    return { recorded: shown, told: this.#fromModel ? shown : words };
  }

  /** Keys that are pressed on the line for somebody. Gives what the thread may know. */
  sent(keys: string, sensitive: boolean): string {
    return sensitive || this.#sensitive ? masked(keys) : keys;
  }

  /** What the model may know of a tool's result. */
  toModel(content: JsonObject): JsonObject {
    return this.#fromModel ? (this.#secrets.maskAll(content) as JsonObject) : content;
  }

  /** Words as a log may have them. */
  logged(words: string): string {
    return this.#sensitive ? this.#secrets.mask(words) : words;
  }

  /** What may leave the call. */
  outside(content: JsonObject): JsonObject {
    return this.#sensitive ? (this.#secrets.maskAll(content) as JsonObject) : content;
  }

  reference(number: string): string {
    for (const [reference, known] of this.#references) if (known === number) return reference;
    const reference = `digits_${this.#references.size + 1}`;
    this.#references.set(reference, number);
    return reference;
  }

  resolve(reference: string): string | undefined {
    return this.#references.get(reference);
  }
}
