import { expect, it } from 'vitest';
import { WINDOW } from './silero.ts';
import { Speech, WINDOW_MS } from './speech.ts';

const RULES = { threshold: 0.5, speech: 50, silence: 400 };

/** Hears windows of these probabilities, and gives what was told with the number of the window (from 1). */
function heard(speech: Speech, probabilities: readonly number[]): string[] {
  const told: string[] = [];
  for (const [n, probability] of probabilities.entries())
    speech.hear(new Int16Array(WINDOW).fill(n + 1), probability, (what) => {
      if (what !== 'window') told.push(`${what} ${n + 1}`);
    });
  return told;
}

const windows = (count: number, probability: number) => Array<number>(count).fill(probability);

it('begins where it sounds like speech for long enough, and ends behind the silence', () => {
  const told = heard(new Speech(RULES), [...windows(5, 0), ...windows(10, 1), ...windows(20, 0)]);
  expect(told).toEqual(['began 7', `ended ${5 + 10 + Math.floor(400 / WINDOW_MS) + 1}`]);
});

it('takes no single click for speech', () => {
  expect(heard(new Speech(RULES), [...windows(5, 0), 1, ...windows(20, 0)])).toEqual([]);
});

it('gives an utterance with the half second before it, and forgets what was said before that', () => {
  const speech = new Speech(RULES);
  heard(speech, windows(100, 0));
  heard(speech, windows(10, 1));
  expect(speech.utterance()).toHaveLength((16 + 10) * WINDOW);
  heard(speech, windows(100, 0));
  expect(speech.utterance()).toHaveLength(16 * WINDOW);
});

it('keeps no more than a minute of one who does not stop', () => {
  const speech = new Speech(RULES);
  heard(speech, windows(3_000, 1));
  expect(speech.utterance()).toHaveLength(60 * 16_000);
});

it('says how long speech goes on, and how long silence has', () => {
  const speech = new Speech(RULES);
  heard(speech, windows(10, 1));
  expect(speech).toMatchObject({ speaking: true, idle: false, speechDuration: 10 * WINDOW_MS });
  heard(speech, windows(5, 0));
  expect(speech).toMatchObject({ speaking: true, silenceOnEnd: 5 * WINDOW_MS });
  speech.reset();
  expect(speech).toMatchObject({ speaking: false, idle: true, speechDuration: 0, probability: 0 });
});
