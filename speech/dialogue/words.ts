/** Short forms that a transcript has or has not, whoever made it. */
const SHORT: readonly [RegExp, string][] = [
  [/\bcan't\b/g, 'can not'],
  [/\bcannot\b/g, 'can not'],
  [/\bwon't\b/g, 'will not'],
  [/n't\b/g, ' not'],
  [/'m\b/g, ' am'],
  [/'re\b/g, ' are'],
  [/'ve\b/g, ' have'],
  [/'ll\b/g, ' will'],
  [/'d\b/g, ' would'],
  [/\b(that|it|what|where|there|here|who|how)'s\b/g, '$1 is'],
];

/** The words of a sentence, without case, marks and short forms, so that what was heard can be compared with what is listed. */
export function words(sentence: string): string[] {
  let plain = sentence.toLowerCase().replace(/[’‘`]/g, "'");
  for (const [form, full] of SHORT) plain = plain.replace(form, full);
  return plain.match(/[a-z0-9']+/g) ?? [];
}

/** The words of a sentence as it is spelled, for the recognizer's grammar. */
export function sentenceWords(sentence: string): string[] {
  return (
    sentence
      .toLowerCase()
      .replace(/[’‘`]/g, "'")
      .match(/[a-z']*[a-z][a-z']*/g) ?? []
  );
}

/** True when `part` stands in `whole`, word for word and in one piece. */
export function containsWords(whole: readonly string[], part: readonly string[]): boolean {
  return whole.some((_, at) => part.every((word, i) => whole[at + i] === word));
}
