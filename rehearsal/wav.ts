/** Where the samples of a RIFF WAV file begin, and their rate. Only 16-bit mono PCM, the one kind that rehearsals use. */
export interface WavFormat {
  readonly rate: number;
  readonly dataAt: number;
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
    if (name === 'data') return rate > 0 ? { rate, dataAt: at + 8 } : undefined;
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

/** Loudness (root mean square, 0 to 32767) of samples, a frame of `frameSamples` each; a rest that is no whole frame is left out. */
export function frameLoudness(samples: Buffer, frameSamples: number): number[] {
  const loudness: number[] = [];
  const frameBytes = frameSamples * 2;
  for (let at = 0; at + frameBytes <= samples.length; at += frameBytes) {
    let sum = 0;
    for (let i = at; i < at + frameBytes; i += 2) sum += samples.readInt16LE(i) ** 2;
    loudness.push(Math.sqrt(sum / frameSamples));
  }
  return loudness;
}
