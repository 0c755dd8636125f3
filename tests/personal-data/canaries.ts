import { random } from '../../base/random.fixture.ts';
import type { Kept } from '../everything-kept.ts';

const WORDS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
const CARD = 16;
const IDENTITY = 11;
/** Characters that are shown on both sides of what is found. */
const AROUND = 150;

/** A number that nobody may find anywhere, and how a caller gives it. */
export interface Canary {
  readonly digits: string;
  readonly by: 'key' | 'voice';
  /** What is understood of a caller who says it. */
  readonly said: string;
}

/** Card numbers (ISO/IEC 7812-1, with their check digit) and identity numbers, given by key and by voice, as people say them. */
export function canaries(count: number, seed: number): Canary[] {
  const below = random(seed);
  const figures = (length: number) => Array.from({ length }, () => String(below(10))).join('');
  return Array.from({ length: count }, (_, n) => {
    const isCard = n % 4 < 2;
    // No number of ours begins so, times least of all.
    const digits = isCard ? withCheck(`4${figures(CARD - 2)}`) : `98${figures(IDENTITY - 2)}`;
    const ways = [words(digits), inGroups(digits, ' '), doubled(digits), inGroups(digits, '-')];
    return {
      digits,
      by: n % 2 === 0 ? 'key' : 'voice',
      said: `It is ${ways[(n >> 1) % ways.length] ?? ''}.`,
    };
  });
}

/** Where a canary is found, in any form that it may have taken. */
export function whereabouts({ digits }: Canary, kept: readonly Kept[]): string[] {
  const each = Array.from(digits);
  const spoken = each.map((digit) => WORDS[Number(digit)] ?? '');
  const forms = [
    ...[digits, digits.slice(0, 10), digits.slice(-10), inGroups(digits, ' '), inGroups(digits, '-')],
    ...[inGroups(digits, '.'), inGroups(digits, '%20'), doubled(digits)],
    ...[' ', ', ', '-', '","', ','].flatMap((between) => [each.join(between), spoken.join(between)]),
  ];
  return kept.flatMap(([where, text]) => {
    const plain = text.toLowerCase();
    const form = forms.find((one) => plain.includes(one));
    if (form === undefined) return [];
    const at = plain.indexOf(form);
    return [`${digits} in ${where}: ${text.slice(Math.max(0, at - AROUND), at + form.length + AROUND)}`];
  });
}

export function words(digits: string): string {
  return Array.from(digits, (digit) => WORDS[Number(digit)]).join(' ');
}

/** "four double one": two of a kind as one. */
function doubled(digits: string): string {
  return digits
    .replace(/(\d)\1|\d/g, (found, twice: string | undefined) => {
      const word = WORDS[Number(found[0])] ?? '';
      return twice === undefined ? `${word} ` : `double ${word} `;
    })
    .trimEnd();
}

function inGroups(digits: string, between: string): string {
  return (digits.match(/\d{1,4}/g) ?? []).join(between);
}

/** With the check digit of Luhn's algorithm. */
function withCheck(digits: string): string {
  const sum = Array.from(digits)
    .reverse()
    .map((digit, i) => (i % 2 === 0 ? Number(digit) * 2 : Number(digit)))
    .reduce((total, value) => total + (value > 9 ? value - 9 : value), 0);
  return `${digits}${(10 - (sum % 10)) % 10}`;
}
