/** The 44 bytes of a RIFF WAV file before `dataBytes` of 16-bit mono PCM at `rate` samples a second. */
export function wavHeader(rate: number, dataBytes: number): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + dataBytes, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(dataBytes, 40);
  return head;
}

/** Where the samples of a RIFF WAV file begin, and their rate. Only 16-bit mono PCM. */
export interface WavFormat {
  readonly rate: number;
  readonly dataAt: number;
  /** Bytes of the samples, as the header says: whoever writes while it grows says 0 or more than there can be. */
  readonly dataBytes: number;
}

/**
 * Reads the header of a 16-bit mono PCM WAV file; undefined while it is not all there yet. The length fields are ignored: a
 * recorder fills them in when it closes the file, and a recording is read while it grows.
 *
 * @throws Error when it is another kind of file.
 */
export function readWavHeader(head: Buffer): WavFormat | undefined {
  if (head.length < 12) return undefined;
  if (head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE')
    throw new Error('no WAV file');
  let rate = 0;
  for (let at = 12; at + 8 <= head.length;) {
    const name = head.toString('latin1', at, at + 4);
    const length = head.readUInt32LE(at + 4);
    if (name === 'data') return rate > 0 ? { rate, dataAt: at + 8, dataBytes: length } : undefined;
    if (name === 'fmt ') {
      if (at + 24 > head.length) return undefined;
      const [kind, channels, bits] = [
        head.readUInt16LE(at + 8),
        head.readUInt16LE(at + 10),
        head.readUInt16LE(at + 22),
      ];
      // 1 is PCM, 0xfffe "extensible", which says the same in more bytes.
      if ((kind !== 1 && kind !== 0xfffe) || channels !== 1 || bits !== 16)
        throw new Error('not 16-bit mono PCM');
      rate = head.readUInt32LE(at + 12);
    }
    at += 8 + length + (length % 2);
  }
  return undefined;
}
