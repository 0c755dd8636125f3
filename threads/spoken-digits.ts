/** One figure or number word of a text. */
interface Token {
  readonly start: number;
  readonly end: number;
  readonly digits: string;
}

/** Figures and number words that follow each other with nothing but punctuation and spaces in between: one number, as people say it. */
export interface Run {
  readonly tokens: readonly Token[];
  /** All of it in figures. */
  readonly digits: string;
}

/**
 * Number words of zero to nine: English, German, Spanish, French. Numbers of other languages are found where they are written in figures,
 * as most speech recognition does.
 */
const UNITS = [
  'zero oh o null cero zéro',
  'one eins uno un',
  'two zwei zwo dos deux',
  'three drei tres trois',
  'four vier cuatro quatre',
  'five fünf cinco cinq',
  'six sechs seis',
  'seven sieben siete sept',
  'eight acht ocho huit',
  'nine neun nueve neuf',
];
const TEENS = 'ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen';
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety';

/** How often the digit is meant that follows: "double four". */
const TIMES = new Map([
  ...['double', 'doppel', 'doppelt', 'doble'].map((word) => [word, 2] as const),
  ...['triple', 'treble', 'dreifach'].map((word) => [word, 3] as const),
]);
/** Said between the digits of a number, and no part of it. */
const PAUSES = new Set(
  'uh um er erm ah ähm and dash hyphen minus space dot point slash then again'.split(' '),
);

const WORDS = new Map<string, string>([
  ...UNITS.flatMap((words, n) => words.split(' ').map((word): [string, string] => [word, String(n)])),
  ...TEENS.split(' ').map((word, n): [string, string] => [word, String(10 + n)]),
  ...TENS.split(' ').map((word, n): [string, string] => [word, String(20 + 10 * n)]),
  ['hundred', '00'],
  ['thousand', '000'],
]);
const TOKEN = /\p{Nd}|\p{L}+/gu;
/** What may stand between the digits of one number. */
const BETWEEN = /^[\s\p{Cf}\p{Pd}\p{Pc},.;:/()[\]{}*#+|•…'"]{0,6}$/u;

/** The numbers of a text, in figures or in words. */
export function numbersIn(text: string): Run[] {
  const runs: Token[][] = [];
  let before: Token | undefined;
  let times = 1;
  for (const match of text.matchAll(TOKEN)) {
    const end = match.index + match[0].length;
    const goesOn = before !== undefined && BETWEEN.test(text.slice(before.end, match.index));
    const word = match[0].toLowerCase();
    if (PAUSES.has(word) || TIMES.has(word)) {
      times = TIMES.get(word) ?? 1;
      // What has no digits holds its run together, and is none of it.
      if (goesOn) before = { start: match.index, end, digits: '' };
      else before = undefined;
      continue;
    }
    const digits = digitsOf(word);
    if (digits === undefined) {
      before = undefined;
      times = 1;
      continue;
    }
    const token = { start: match.index, end, digits: digits.repeat(times) };
    times = 1;
    if (goesOn) runs.at(-1)?.push(token);
    else runs.push([token]);
    before = token;
  }
  return runs.map((tokens) => {
    const joined = joinTens(tokens);
    return { tokens: joined, digits: joined.map(({ digits }) => digits).join('') };
  });
}

function digitsOf(word: string): string | undefined {
  return /^\p{Nd}$/u.test(word) ? figureOf(word) : WORDS.get(word);
}

/** A decimal digit of any script: each script has its ten in a row. */
function figureOf(digit: string): string {
  let zero = digit.codePointAt(0) ?? 0;
  const own = zero;
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return String((own - zero) % 10);
}

/** Twenty and three are 2 and 3, twenty alone is 2 and 0. */
function joinTens(tokens: readonly Token[]): Token[] {
  return tokens.map((token, n) => {
    const next = tokens[n + 1]?.digits ?? '';
    const isTens = token.end - token.start > 1 && /^[2-9]0$/.test(token.digits);
    return isTens && /^[1-9]$/.test(next) ? { ...token, digits: token.digits.slice(0, 1) } : token;
  });
}
