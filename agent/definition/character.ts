import { z } from 'zod';
import type { Problem } from '../../base/problem.ts';
import type { Source } from '../../base/source.ts';
import { sentence } from './fields.ts';

const MOST_PRONUNCIATIONS = 300;

/** Who the agent is, and how it speaks. */
export const character = {
  language: z
    .string()
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, 'a code like en or de-AT')
    .optional()
    .describe(
      'What is spoken on the call, as a code (BCP 47): the model is told so, callers are understood in it, and our own words of confirmations are of it. en unless set.',
    ),
  persona: sentence
    .optional()
    .describe('Who the agent is and how it talks; stands in front of all instructions. Template.'),
  pronunciation: z
    .record(z.string().min(1).max(60), z.string().min(1).max(200))
    .refine(
      (all) => Object.keys(all).length <= MOST_PRONUNCIATIONS,
      `list at most ${MOST_PRONUNCIATIONS} words`,
    )
    .default({})
    .describe(
      'How words are spoken, by how they are written: whole words in any case. Only the voice is given it.',
    ),
};

/** As much of a definition as says what is spoken. */
interface Speaking {
  readonly language?: string | undefined;
  readonly models: { readonly stt: { readonly language?: string | undefined } };
}

/** What callers speak, and what our own words are of. */
export function languageOf({ language, models }: Speaking): string {
  return models.stt.language ?? language ?? 'en';
}

/** As two words count what is the same but for case, or how its letters are put together. */
const sameWord = (word: string): string => word.normalize('NFC').toLowerCase();

export function pronunciationProblems(
  source: Source,
  { pronunciation }: { readonly pronunciation: Readonly<Record<string, string>> },
): Problem[] {
  const seen = new Map<string, string>();
  return Object.keys(pronunciation).flatMap((word) => {
    const path = ['pronunciation', word];
    const twin = seen.get(sameWord(word));
    seen.set(sameWord(word), word);
    if (word.trim() !== word || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(word))
      return [
        source.problem(
          path,
          `pronunciation: ${JSON.stringify(word)} begins or ends with a blank, or has signs that nobody sees`,
          'write the word as it stands in texts',
        ),
      ];
    if (twin === undefined) return [];
    return [
      source.problem(
        path,
        `pronunciation: ${word} is ${twin} once more; case makes no difference`,
        'keep one of them',
      ),
    ];
  });
}
