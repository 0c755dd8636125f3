/** Events that one reader takes in their order, until they end. */
export class Events<T> {
  readonly #waiting: T[] = [];
  #reader: ((result: IteratorResult<T>) => void) | undefined;
  #over = false;

  put(event: T): void {
    if (this.#over) return;
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) reader({ done: false, value: event });
    else this.#waiting.push(event);
  }

  /** No more come; those that wait are still taken. */
  end(): void {
    this.#over = true;
    this.#reader?.({ done: true, value: undefined });
    this.#reader = undefined;
  }

  next(): Promise<IteratorResult<T>> {
    const event = this.#waiting.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#over) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => (this.#reader = resolve));
  }
}
