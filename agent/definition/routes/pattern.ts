/** What PBXs write where a number is withheld (RFC 3323 section 4.1.1.3 names the first). */
const WITHHELD = /^(anonymous|unknown|unavailable|restricted|private|withheld)?$/i;

/**
 * Whether a text fits a pattern in which `*` stands for any characters and `?` for one. Takes at most the product of both lengths, whatever is
 * in them: texts here are strangers'.
 */
export function fits(text: string, pattern: string): boolean {
  const [t, p] = [text.toLowerCase(), pattern.toLowerCase()];
  let [ti, pi] = [0, 0];
  /** Where the last `*` stands, and what it has taken so far. */
  let [star, taken] = [-1, 0];
  while (ti < t.length) {
    if (p[pi] === '*') {
      star = pi;
      taken = ti;
      pi += 1;
    } else if (pi < p.length && (p[pi] === '?' || p[pi] === t[ti])) {
      ti += 1;
      pi += 1;
    } else if (star >= 0) {
      taken += 1;
      ti = taken;
      pi = star + 1;
    } else return false;
  }
  while (p[pi] === '*') pi += 1;
  return pi === p.length;
}

/** As {@link fits}, for one pattern or several. */
export function fitsOne(text: string, patterns: string | readonly string[]): boolean {
  return [patterns].flat().some((pattern) => fits(text, pattern));
}

/** A number or user as rules compare it: `+49 (30) 1234-5` is `+493012345`, and none at all is `anonymous`. */
export function comparable(number: string): string {
  const text = number.trim();
  if (WITHHELD.test(text)) return 'anonymous';
  return /^[+\d\s()./*?-]+$/.test(text) ? text.replace(/[\s()./-]/g, '') : text;
}
