import type { ConfirmationSettings } from '../definition/receive-dtmf.ts';

/** What the tool says when it asks whether digits are right, and what it takes for an answer. */
export interface ConfirmationWords {
  /** Template with `{{digits}}`. */
  readonly readBack: string;
  readonly question: string;
  readonly again: string;
  readonly yes: readonly string[];
  readonly no: readonly string[];
}

/** Keys of the answer, as the questions say them. */
export const YES_KEY = '1';
export const NO_KEY = '2';

const ENGLISH: ConfirmationWords = {
  readBack: 'You typed {{digits}}.',
  question: 'Is that correct? Say yes or press 1. If it is wrong, say no or press 2.',
  again: 'I am sorry. Please type it again.',
  yes: ['yes', 'yeah', 'yep', 'yup', 'correct', 'right', 'exactly', 'sure', 'okay', 'ok', 'that is it'],
  no: ['no', 'nope', 'nah', 'not', 'wrong', 'incorrect', "isn't", "that's not"],
};

const BY_LANGUAGE: Readonly<Record<string, ConfirmationWords>> = {
  en: ENGLISH,
  de: {
    readBack: 'Sie haben {{digits}} eingegeben.',
    question:
      'Ist das richtig? Sagen Sie ja oder drücken Sie die 1. Wenn nicht, sagen Sie nein oder drücken Sie die 2.',
    again: 'Das tut mir leid. Bitte geben Sie es noch einmal ein.',
    yes: ['ja', 'jawohl', 'genau', 'richtig', 'stimmt', 'korrekt', 'okay', 'ok'],
    no: ['nein', 'nee', 'nicht', 'falsch'],
  },
  es: {
    readBack: 'Ha marcado {{digits}}.',
    question: '¿Es correcto? Diga sí o pulse 1. Si no lo es, diga no o pulse 2.',
    again: 'Lo siento. Márquelo otra vez, por favor.',
    yes: ['sí', 'si', 'correcto', 'exacto', 'claro', 'vale', 'de acuerdo'],
    no: ['no', 'incorrecto', 'mal', 'falso'],
  },
  fr: {
    readBack: 'Vous avez saisi {{digits}}.',
    question: "Est-ce exact ? Dites oui ou appuyez sur 1. Si c'est faux, dites non ou appuyez sur 2.",
    again: 'Je suis désolé. Veuillez le saisir à nouveau.',
    yes: ['oui', 'ouais', 'exact', 'exactement', 'correct', "d'accord", "c'est ça", "c'est bon"],
    no: ['non', 'pas', 'faux', 'incorrect'],
  },
};

/** Our own words for the language (`en`, `de-AT`; English for one that we do not speak) with the definition's in their place. */
export function confirmationWords(
  language: string,
  own: ConfirmationSettings | undefined,
): ConfirmationWords {
  const words = BY_LANGUAGE[language.toLowerCase().slice(0, 2)] ?? ENGLISH;
  return {
    readBack: own?.read_back ?? words.readBack,
    question: own?.question ?? words.question,
    again: own?.again ?? words.again,
    yes: own?.yes ?? words.yes,
    no: own?.no ?? words.no,
  };
}

/** Yes, no, or neither; words of both kinds are neither, for nothing is worse than a number confirmed by mistake. */
export function answerIn(
  said: string,
  words: Pick<ConfirmationWords, 'yes' | 'no'>,
): 'yes' | 'no' | undefined {
  const text = plain(said);
  const has = (phrases: readonly string[]) => phrases.some((phrase) => text.includes(plain(phrase)));
  const [yes, no] = [has(words.yes), has(words.no)];
  if (no && yes) return NEGATED.test(text) ? 'no' : undefined;
  if (yes) return 'yes';
  return no ? 'no' : undefined;
}

/** "Not right" is no, though "right" is yes. */
const NEGATED = / (not|isn't|isnt|nicht|no es|no está|pas) /u;

/** In lower case, words parted by single spaces, one at each end. */
function plain(text: string): string {
  return ` ${text
    .toLowerCase()
    .replaceAll('’', "'")
    .replace(/[^\p{L}\p{N}']+/gu, ' ')
    .trim()} `;
}
