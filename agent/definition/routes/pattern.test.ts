import { describe, expect, it } from 'vitest';
import { comparable, fits, fitsOne } from './pattern.ts';

describe('a pattern', () => {
  it.for([
    ['+4930123', '+4930123', true],
    ['+4930123', '+4930124', false],
    ['+4930123', '+49*', true],
    ['+4930123', '+43*', false],
    ['+4930123', '*', true],
    ['', '*', true],
    ['', '', true],
    ['', '?', false],
    ['+4930123', '*123', true],
    ['+4930123', '*30*', true],
    ['+4930123', '+49301??', true],
    ['+4930123', '+49301?', false],
    ['+4930123', '+4930123?', false],
    ['Gold', 'gold', true],
    ['gold plated', 'gold', false],
    ['a.c', 'a?c', true],
    ['abc', 'a.c', false],
    ['a[bc', 'a[*', true],
    ['abbbc', 'a*b*c', true],
    ['x**y', 'x*y', true],
  ] as const)('%s against %s: %s', ([text, pattern, is]) => {
    expect(fits(text, pattern)).toBe(is);
  });

  it('of a list is enough', () => {
    expect(fitsOne('b', ['a', 'b'])).toBe(true);
    expect(fitsOne('c', ['a', 'b'])).toBe(false);
  });

  it('made to be slow is not: the longest text against many stars', () => {
    // Backtracking would take 2^50 steps here.
    expect(fits('a'.repeat(2_048), `${'a*'.repeat(100)}b`)).toBe(false);
  });
});

describe('a number', () => {
  it.for([
    ['+49 (30) 1234-5', '+493012345'],
    ['030/12.34', '0301234'],
    ['alice', 'alice'],
    ['sip-desk', 'sip-desk'],
    ['', 'anonymous'],
    [' Anonymous ', 'anonymous'],
    ['unavailable', 'anonymous'],
    ['+49 30*', '+4930*'],
  ] as const)('%s compares as %s', ([written, as]) => {
    expect(comparable(written)).toBe(as);
  });
});
