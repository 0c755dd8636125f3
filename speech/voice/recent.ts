/** The newest values up to a number of bytes; the one unused longest leaves first. */
export class Recent {
  readonly #values = new Map<string, Buffer>();
  readonly #mostBytes: number;
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Buffer | undefined {
    const value = this.#values.get(key);
    if (value) {
      // A map keeps the order of insertion: used again is newest again.
      this.#values.delete(key);
      this.#values.set(key, value);
    }
    return value;
  }

  put(key: string, value: Buffer): void {
    this.#drop(key);
    if (value.length > this.#mostBytes / 4) return;
    this.#values.set(key, value);
    this.#bytes += value.length;
    for (const oldest of this.#values.keys()) {
      if (this.#bytes <= this.#mostBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#values.get(key)?.length ?? 0;
    this.#values.delete(key);
  }
}
