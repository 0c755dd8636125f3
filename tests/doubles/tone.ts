/** A sine as 16-bit samples. */
export function tone(hertz: number, ms: number, rate: number, amplitude = 8_000): Buffer {
  const samples = Math.round((ms / 1000) * rate);
  const pcm = Buffer.alloc(samples * 2);
  for (let i = 0; i < samples; i++)
    pcm.writeInt16LE(Math.round(amplitude * Math.sin((2 * Math.PI * hertz * i) / rate)), i * 2);
  return pcm;
}

/** The amplitude of one frequency in 16-bit samples (Goertzel's algorithm). */
export function amplitudeOf(hertz: number, pcm: Buffer, rate: number): number {
  const count = pcm.length >> 1;
  const turn = (2 * Math.PI * hertz) / rate;
  const coefficient = 2 * Math.cos(turn);
  let [before, last] = [0, 0];
  for (let i = 0; i < count; i++)
    [before, last] = [last, pcm.readInt16LE(i * 2) + coefficient * last - before];
  const power = last * last + before * before - coefficient * last * before;
  return (2 * Math.sqrt(Math.max(0, power))) / Math.max(1, count);
}

/** Both at once; the second lasts as long as the first. */
export function mixed(first: Buffer, second: Buffer): Buffer {
  const sum = Buffer.from(first);
  for (let at = 0; at + 1 < sum.length && at + 1 < second.length; at += 2) {
    const value = first.readInt16LE(at) + second.readInt16LE(at);
    sum.writeInt16LE(Math.max(-32_768, Math.min(32_767, value)), at);
  }
  return sum;
}
