import { describe, expect, it } from 'vitest';
import { spokenText } from './spoken-text.ts';

describe('spokenText', () => {
  it.each(['1 2 3', '1, 2, 3', '1,2,3', '1-2-3', '1. 2. 3', '1 , 2 , 3'])(
    'says the digits of "%s" one by one',
    (text) => {
      expect(spokenText(`I have ${text}.`)).toBe('I have one, two, three.');
    },
  );

  it.each([
    'Order 4417 arrives Monday.',
    'It costs 9.99 or 1,234 dollars.',
    'at 3 or 14 2 times',
    'version 1.25',
  ])('leaves numbers numbers: "%s"', (text) => {
    expect(spokenText(text)).toBe(text);
  });

  it('writes in ASCII what flite cannot say otherwise', () => {
    expect(spokenText('“Don’t wait” — José’s café & bar…')).toBe('"Don\'t wait", Jose\'s cafe and bar.');
  });

  it('leaves out markup and pictures', () => {
    expect(spokenText('**Hello** <b>you</b> 😀 `now`')).toBe('Hello b you /b now');
  });

  it.each(['', '   ', '…', '😀', '"!?"', '日本'])('is empty where nothing can be said: "%s"', (text) => {
    expect(spokenText(text)).toBe('');
  });
});
