import { sentenceWords } from '../dialogue/words.ts';
import { pronunciations } from './lexicon.ts';

/** What the recognizer listens for. */
export interface Grammar {
  /** JSpeech Grammar Format (W3C note JSGF, 2000). */
  readonly jsgf: string;
  /** Pronunciations of its words, as lines of a dictionary. */
  readonly dictionary: string;
  /** Sentences left out, since the dictionary lacks words of them. */
  readonly unknown: readonly { readonly sentence: string; readonly words: readonly string[] }[];
}

/** A grammar of whole sentences: nothing between them is recognized. */
export async function sentencesGrammar(sentences: readonly string[]): Promise<Grammar> {
  const spoken = new Map(sentences.map((sentence) => [sentenceWords(sentence).join(' '), sentence]));
  const words = new Set([...spoken.keys()].flatMap((sentence) => sentence.split(' ')));
  const known = await pronunciations(words);
  const unknown = [...spoken].flatMap(([line, sentence]) => {
    const missing = line.split(' ').filter((word) => !known.has(word));
    if (missing.length > 0) spoken.delete(line);
    return missing.length > 0 ? [{ sentence, words: missing }] : [];
  });
  const alternatives = [...spoken.keys()].sort().join('\n  | ');
  return {
    jsgf: `#JSGF V1.0;\ngrammar call;\npublic <sentence> = ${alternatives === '' ? '<VOID>' : alternatives};\n`,
    dictionary: [...known.values()].flat().join('\n') + '\n',
    unknown,
  };
}
