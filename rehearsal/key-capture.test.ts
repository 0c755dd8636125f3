import { describe, expect, it } from 'vitest';
import { keyCapture } from './key-capture.ts';

/** The RTP packets of a capture: file header 24, then per packet 16 + 42 bytes before RTP and 16 of it. */
function packets(capture: Buffer) {
  const list: { at: number; sequence: number; timestamp: number; event: number; end: boolean }[] = [];
  for (let at = 24; at < capture.length; at += 74) {
    const rtp = capture.subarray(at + 58, at + 74);
    list.push({
      at: capture.readUInt32LE(at) * 1_000 + capture.readUInt32LE(at + 4) / 1_000,
      sequence: rtp.readUInt16BE(2),
      timestamp: rtp.readUInt32BE(4),
      event: rtp[12] ?? -1,
      end: ((rtp[13] ?? 0) & 0x80) !== 0,
    });
  }
  return list;
}

describe('captured keys', () => {
  it('have a timestamp for each press, also where a key is pressed twice, and go on behind those before', () => {
    const all = [...packets(keyCapture('11#', 0)), ...packets(keyCapture('1d*', 3))];
    const presses = [...new Map(all.map((p) => [p.timestamp, p.event])).values()];
    expect(presses).toEqual([1, 1, 11, 1, 15, 10]);
    expect(new Set(all.map((p) => p.sequence)).size).toBe(all.length);
    expect(all.filter((p) => p.end)).toHaveLength(6 * 3);
  });

  it('are in the order of time, 300 ms from key to key', () => {
    const all = packets(keyCapture('12', 0));
    expect(all.map((p) => p.at)).toEqual([...all.map((p) => p.at)].sort((a, b) => a - b));
    const [first = 0, second = 0] = [1, 2].map((event) => all.find((p) => p.event === event)?.at);
    expect(second - first).toBe(300);
  });

  it('are keys of a telephone', () => {
    expect(() => keyCapture('1w', 0)).toThrow(RangeError);
  });
});
