import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Where Debian's pocketsphinx-en-us puts the American English model. */
const MODEL = '/usr/share/pocketsphinx/model/en-us';

/** The acoustic model, the bigrams of its phones, and the dictionary. */
export const MODEL_FILES = {
  acoustic: join(MODEL, 'en-us'),
  phones: join(MODEL, 'en-us-phone.lm.bin'),
  dictionary: join(MODEL, 'cmudict-en-us.dict'),
} as const;

/** Whether the model is installed. */
export async function hasModel(): Promise<boolean> {
  const files = Object.values(MODEL_FILES).map((file) => access(file));
  return (await Promise.allSettled(files)).every(({ status }) => status === 'fulfilled');
}

/**
 * The dictionary's lines for these words, all their pronunciations. A word that it does not know has none. Loading this handful instead
 * of all 134,000 takes a tenth of a second off each recognition.
 */
export async function pronunciations(words: ReadonlySet<string>): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  if (words.size === 0) return found;
  const lines = createInterface({ input: createReadStream(MODEL_FILES.dictionary, 'utf8') });
  for await (const line of lines) {
    // `read R EH D`, and its variants `read(2) R IY D`.
    const word = /^[^\s(]+/.exec(line)?.[0];
    if (word !== undefined && words.has(word)) found.set(word, [...(found.get(word) ?? []), line]);
  }
  return found;
}
