import { describe, expect, it } from 'vitest';
import { wavHeader } from '../../base/wav-header.ts';
import { NotWav, readWav, toPcm16 } from './wav.ts';

function wav(options: {
  kind?: number;
  channels?: number;
  rate?: number;
  bits?: number;
  data: Buffer;
  before?: Buffer;
}) {
  const { kind = 1, channels = 1, rate = 16_000, bits = 16, data, before = Buffer.alloc(0) } = options;
  const head = wavHeader(rate, data.length);
  head.writeUInt16LE(kind, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt16LE((channels * bits) / 8, 32);
  head.writeUInt16LE(bits, 34);
  return Buffer.concat([head.subarray(0, 36), before, head.subarray(36), data]);
}

const int16 = (...values: number[]) => Buffer.from(Int16Array.from(values).buffer);

describe('readWav', () => {
  it('reads what was written, sample by sample', () => {
    const pcm = int16(0, 1, -1, 32_767, -32_768, 1_234);
    const sound = readWav(Buffer.concat([wavHeader(24_000, pcm.length), pcm]));
    expect(sound.rate).toBe(24_000);
    expect(toPcm16(sound)).toEqual(pcm);
  });

  it.each([
    ['8-bit', { bits: 8, data: Buffer.from([128, 192, 64]) }],
    ['24-bit', { bits: 24, data: Buffer.from([0, 0, 0, 0, 0, 0x40, 0, 0, 0xc0]) }],
    ['32-bit', { bits: 32, data: Buffer.from(Int32Array.from([0, 2 ** 30, -(2 ** 30)]).buffer) }],
    ['float', { kind: 3, bits: 32, data: Buffer.from(Float32Array.from([0, 0.5, -0.5]).buffer) }],
  ])('reads %s samples', (_, options) => {
    expect([...readWav(wav(options)).samples]).toEqual([0, 0.5, -0.5]);
  });

  it('mixes channels down to their mean', () => {
    expect([...readWav(wav({ channels: 2, data: int16(16_384, 0, -16_384, -16_384) })).samples]).toEqual([
      0.25, -0.5,
    ]);
  });

  it('passes over other chunks, also those of odd length', () => {
    const list = Buffer.from([...Buffer.from('LIST'), 3, 0, 0, 0, 1, 2, 3, 0]);
    expect(readWav(wav({ data: int16(16_384), before: list })).samples).toEqual(Float32Array.of(0.5));
  });

  it.each([0, 0xffffffff])(
    'takes a length of %i, as streams write it, for the rest of the file',
    (length) => {
      const file = wav({ data: int16(16_384, 16_384) });
      file.writeUInt32LE(length, 40);
      expect(readWav(file).samples).toHaveLength(2);
    },
  );

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['an MP3', Buffer.from('ID3\x04 and what follows it')],
    ['a header alone', wavHeader(16_000, 10).subarray(0, 36)],
    ['a compressed kind', wav({ kind: 0x55, data: int16(1) })],
    ['a rate of 0', wav({ rate: 0, data: int16(1) })],
    ['255 channels', wav({ channels: 255, data: int16(1) })],
    ['no channel', wav({ channels: 0, data: int16(1) })],
    ['samples before their format', Buffer.concat([Buffer.from('RIFF____WAVEdata'), Buffer.alloc(8)])],
  ])('refuses %s', (_, file) => {
    expect(() => readWav(file)).toThrow(NotWav);
  });

  it('survives any cut of a file', () => {
    const file = wav({ data: int16(1, 2, 3, 4) });
    for (let length = 0; length < file.length; length++) {
      try {
        readWav(file.subarray(0, length));
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(NotWav);
      }
    }
  });
});
