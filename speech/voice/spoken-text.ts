const DIGIT_WORDS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'] as const;

/** Single digits in a row, however they are set apart: "1 2 3", "1, 2, 3", "1-2-3". */
const DIGITS_IN_A_ROW = /(?<![\w.,-])\d(?:(?:\s*[,.-]\s*|\s+)\d)+(?![\w])(?![.,]\d)/g;

/** What flite cannot say, and what says the same in ASCII. */
const ASCII: readonly [RegExp, string][] = [
  [/[‘’‚′]/g, "'"],
  [/[“”„″«»]/g, '"'],
  [/[–—―]/g, ', '],
  [/…/g, '. '],
  [/€\s?(\d+(?:[.,]\d+)?)/g, '$1 euros'],
  [/£\s?(\d+(?:[.,]\d+)?)/g, '$1 pounds'],
  [/ß/g, 'ss'],
  [/[æÆ]/g, 'ae'],
  [/[øØ]/g, 'o'],
  [/&/g, ' and '],
  // Marks of Markdown and markup, which models write and nobody says.
  [/[*_`#~<>|\\^]/g, ' '],
];

/**
 * Text as flite can say it: ASCII, without marks that are not said, digits that stand one by one as words with a pause between them.
 * Empty where nothing of it can be said.
 */
export function spokenText(text: string): string {
  let said = text;
  for (const [pattern, replacement] of ASCII) said = said.replace(pattern, replacement);
  said = said
    .normalize('NFKD')
    .replace(/[^\x20-\x7e\n]/g, (char) => (/\p{Mark}/u.test(char) ? '' : ' '))
    .replace(DIGITS_IN_A_ROW, (row) =>
      row
        .replace(/\D/g, '')
        .replace(/\d/g, (digit) => `${DIGIT_WORDS[Number(digit)] ?? ''}, `)
        .slice(0, -2),
    )
    .replace(/\s+/g, ' ')
    .replace(/ ,/g, ',')
    .trim();
  return /[A-Za-z0-9]/.test(said) ? said : '';
}
