import { expect, test } from 'vitest';
import { Silence } from './silence.ts';

test('a silent caller is asked again so many times, and then given up', () => {
  const silence = new Silence({ silence: 12_000, reprompts: 2 });
  expect(silence.after(11_900)).toBe('wait');
  expect([12_000, 12_000, 12_000].map((ms) => silence.after(ms))).toEqual([
    'ask again',
    'ask again',
    'give up',
  ]);
});

test('a caller who is heard in between has all of it before them again', () => {
  const silence = new Silence({ silence: 12_000, reprompts: 1 });
  expect(silence.after(12_000)).toBe('ask again');
  silence.broken();
  expect(silence.isBroken).toBe(true);
  expect(silence.after(12_000)).toBe('ask again');
  expect(silence.after(12_000)).toBe('give up');
});

test('without a limit a caller may be silent for ever', () => {
  expect(new Silence({ silence: 0, reprompts: 2 }).after(86_400_000)).toBe('wait');
});
