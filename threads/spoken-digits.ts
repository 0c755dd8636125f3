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

const WORDS = new Map<string, string>([
  ...UNITS.flatMap((words, n) => words.split(' ').map((word): [string, string] => [word, String(n)])),
  ...TEENS.split(' ').map((word, n): [string, string] => [word, String(10 + n)]),
  ...TENS.split(' ').map((word, n): [string, string] => [word, String(20 + 10 * n)]),
]);
const TOKEN = /[0-9]|\p{L}+/gu;
/** What may stand between the digits of one number. */
const BETWEEN = /^[\s,.;:/()\-–—•_]{0,6}$/u;

/** The numbers of a text, in figures or in words. */
export function numbersIn(text: string): Run[] {
  const runs: Token[][] = [];
  let before: Token | undefined;
  for (const match of text.matchAll(TOKEN)) {
    const token = tokenOf(match[0], match.index);
    if (!token) {
      before = undefined;
      continue;
    }
    const goesOn = before !== undefined && BETWEEN.test(text.slice(before.end, token.start));
    if (goesOn) runs.at(-1)?.push(token);
    else runs.push([token]);
    before = token;
  }
  return runs.map((tokens) => {
    const joined = joinTens(tokens);
    return { tokens: joined, digits: joined.map(({ digits }) => digits).join('') };
  });
}

function tokenOf(found: string, start: number): Token | undefined {
  const digits = /^[0-9]$/.test(found) ? found : WORDS.get(found.toLowerCase());
  return digits === undefined ? undefined : { start, end: start + found.length, digits };
}

/** Twenty and three are 2 and 3, twenty alone is 2 and 0. */
function joinTens(tokens: readonly Token[]): Token[] {
  return tokens.map((token, n) => {
    const next = tokens[n + 1]?.digits ?? '';
    const isTens = token.end - token.start > 1 && /^[2-9]0$/.test(token.digits);
    return isTens && /^[1-9]$/.test(next) ? { ...token, digits: token.digits.slice(0, 1) } : token;
  });
}
