import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { speak } from '../../rehearsal/voice.ts';
import { tone } from '../../tests/doubles/tone.ts';
import { FirstWords, FRAME, type Heard, RATE } from './first-words.ts';

const folder = mkdtempSync(join(tmpdir(), 'attendant-words-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PATIENCE = { longestGreeting: 2_000, pause: 800, silence: 4_000 };
const spoken = async (text: string) => (await speak(text, folder, AbortSignal.timeout(20_000))).samples;
const quiet = (ms: number) => Buffer.alloc((RATE * 2 * ms) / 1_000);
const beep = (hertz: number, ms: number) => tone(hertz, ms, RATE);

/** What is told, and after how many milliseconds. */
function told(audio: Buffer, words = new FirstWords(PATIENCE)): { who: Heard; after: number } {
  const bytes = ((RATE * FRAME) / 1_000) * 2;
  for (let at = 0; at + bytes <= audio.length; at += bytes) {
    const frame = new Int16Array(bytes / 2);
    for (let i = 0; i < frame.length; i++) frame[i] = audio.readInt16LE(at + 2 * i);
    const who = words.hear(frame);
    if (who !== 'nothing yet') return { who, after: (at / bytes + 1) * FRAME };
  }
  return { who: 'nothing yet', after: Infinity };
}

test.each(['Hello?', 'Yes?', 'Hello, this is Ada.', 'Smith and sons, good morning.'])(
  'who says %j and waits is a person',
  async (text) => {
    const audio = Buffer.concat([quiet(400), await spoken(text), quiet(2_000)]);
    const { who, after } = told(audio);
    expect(who).toBe('human');
    expect(after).toBeLessThan(4_500);
  },
);

test.each([
  'Hello, you have reached the voicemail of Ada. I cannot take your call right now. Please leave a message after the tone.',
  'Hi, this is Ben and Carla, we are out in the garden. Leave us a message and we will call you back.',
])('who says %j is a machine', async (text) => {
  const { who, after } = told(Buffer.concat([quiet(300), await spoken(text), quiet(500), beep(1_000, 500)]));
  expect(who).toBe('machine');
  expect(after).toBeLessThan(3_500);
});

test.each([440, 1_000, 1_400, 2_000])('a tone of %i Hz is a machine, at once', (hertz) => {
  const words = new FirstWords(PATIENCE);
  const { who, after } = told(Buffer.concat([quiet(200), beep(hertz, 400)]), words);
  expect(who).toBe('machine');
  expect(after).toBeLessThan(500);
  expect(words.toneHeard).toBe(false);
  for (let i = 0; i < 5; i++) words.hear(new Int16Array((RATE * FRAME) / 1_000));
  expect(words.toneHeard).toBe(true);
});

test('no voice is taken for a tone', async () => {
  const words = new FirstWords({ ...PATIENCE, longestGreeting: 60_000, pause: 60_000 });
  const text = 'Oooh, who are you? Moo, moo, new moon, aaah. Mmmm. Eee, we see three bees.';
  expect(told(await spoken(text), words).who).toBe('nothing yet');
  expect(words.toneHeard).toBe(false);
});

test('nobody knows who says nothing', () => {
  expect(told(quiet(10_000))).toEqual({ who: 'unknown', after: 4_000 });
});
