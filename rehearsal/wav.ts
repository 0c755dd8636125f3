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
