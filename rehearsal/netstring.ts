/** A frame longer than this is none that baresip sends. */
const LONGEST = 1 << 20;

/** One netstring: the length in bytes, a colon, the bytes, a comma (https://cr.yp.to/proto/netstrings.txt). */
export function encodeNetstring(text: string): Buffer {
  const body = Buffer.from(text, 'utf8');
  return Buffer.concat([Buffer.from(`${body.length}:`), body, Buffer.from(',')]);
}

/** Cuts a byte stream into netstrings. */
export class NetstringReader {
  #pending: Buffer = Buffer.alloc(0);

  /**
   * Takes bytes as they came and gives the texts that are whole now.
   *
   * @throws Error when the stream is no netstring stream.
   */
  push(bytes: Buffer): string[] {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    const texts: string[] = [];
    for (;;) {
      const colon = this.#pending.indexOf(':');
      if (colon < 0) {
        if (this.#pending.length > 8) throw new Error('not a netstring: no length');
        return texts;
      }
      const digits = this.#pending.subarray(0, colon).toString('latin1');
      const length = Number(digits);
      if (!/^\d{1,7}$/.test(digits) || length > LONGEST) throw new Error('not a netstring: bad length');
      const end = colon + 1 + length;
      if (this.#pending.length <= end) return texts;
      if (this.#pending[end] !== 0x2c) throw new Error('not a netstring: no comma');
      texts.push(this.#pending.subarray(colon + 1, end).toString('utf8'));
      this.#pending = this.#pending.subarray(end + 1);
    }
  }
}
