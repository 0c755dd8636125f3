import type { AudioFrame } from '@livekit/rtc-node';
import { expect, test } from 'vitest';
import { wavHeader } from '../../../base/wav-header.ts';
import { tone } from '../../../tests/doubles/tone.ts';
import { SPEECH_RATE, SpeechAudio } from './speech-audio.ts';

const SECOND = tone(440, 1_000, SPEECH_RATE);

/** Milliseconds of sound that come of the bytes, so many at a time; or why none do. */
function heard(bytes: Buffer, size = bytes.length): number | string {
  const frames: AudioFrame[] = [];
  const audio = new SpeechAudio({}, (frame) => frames.push(frame));
  try {
    for (let at = 0; at < bytes.length; at += size) audio.take(bytes.subarray(at, at + size));
    audio.end();
  } catch (error) {
    return (error as { reason: string }).reason;
  }
  return Math.round(frames.reduce((sum, { samplesPerChannel }) => sum + samplesPerChannel, 0) / 24);
}

test('raw samples are played as they come, a byte at a time too', () => {
  expect(heard(SECOND)).toBe(1_000);
  expect(heard(SECOND, 1)).toBe(1_000);
  expect(heard(Buffer.from([1, 0]))).toBe(0);
});

test.each(['ID3\u0004', 'OggS', 'fLaC', '<!DOCTYPE html>', '<html>', '{"error": "busy"}'])(
  'what begins with %j is played by nobody',
  (beginning) => {
    const bytes = Buffer.concat([Buffer.from(beginning, 'latin1'), SECOND]);
    expect(heard(bytes)).toBe('garbage');
    expect(heard(bytes, 1)).toBe('garbage');
  },
);

test('a WAV that nobody asked for is taken for what it is', () => {
  const wav = Buffer.concat([wavHeader(SPEECH_RATE, SECOND.length), SECOND]);
  expect(heard(wav)).toBe(1_000);
  expect(heard(wav, 7)).toBe(1_000);
});

test('nothing, or a single byte, is no sound', () => {
  expect(heard(Buffer.alloc(0))).toBe('no_sound');
  expect(heard(Buffer.from([1]))).toBe('no_sound');
});
