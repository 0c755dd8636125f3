import { describe, expect, it } from 'vitest';
import { isSaid, readSegmentation } from './segmentation.ts';

describe('readSegmentation', () => {
  it('reads words and the frames that they cover, silence and variants of words aside', () => {
    const line =
      'speech S 0 T -2695 A -2021 L -674 0 -164 -337 <sil> 21 -862 0 can(2) 54 -149 0 you 67 -252 -337 <sil> 138\n';
    expect(readSegmentation(line)).toEqual({ score: -2_695, spoken: ['can', 'you'], frames: 46 });
  });

  it.each([
    '',
    'speech S 0 T 0 A 0 L 0 0',
    'speech',
    'speech S 0 T -5 A -5 L 0 0 -1 0 <sil> 10',
    '(speech 0)',
  ])('finds nothing in "%s"', (line) => {
    expect(readSegmentation(line)).toBeUndefined();
  });
});

describe('a sentence is said', () => {
  const sentence = { score: -3_000, spoken: ['where', 'is', 'my', 'order'], frames: 100 };

  it.each([
    ['when it fits about as well as any phones do', { score: -2_900, frames: 100 }, true],
    ['but not when phones fit much better', { score: -900, frames: 100 }, false],
    ['and not when it covers little of what was said', { score: -3_000, frames: 200 }, false],
  ])('%s', (_, phones, said) => {
    expect(isSaid(sentence, { ...phones, spoken: ['AH'] }, 'wideband')).toBe(said);
  });

  it('with more tolerance on a narrowband line', () => {
    const phones = { score: -500, spoken: ['AH'], frames: 100 };
    expect(isSaid(sentence, phones, 'wideband')).toBe(false);
    expect(isSaid(sentence, phones, 'narrowband')).toBe(true);
  });

  it('not where it is shorter than any word', () => {
    expect(isSaid({ ...sentence, frames: 15 }, { ...sentence, frames: 15 }, 'wideband')).toBe(false);
  });

  it('not where there was no speech at all', () => {
    expect(isSaid(sentence, undefined, 'wideband')).toBe(false);
  });
});
