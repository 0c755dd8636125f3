import type { RecordingRecord } from '../../../threads/recording.ts';
import type { AgreementSettings, RecordingSettings } from '../../definition/recording.ts';
import { answerIn, confirmationWords } from '../../tools/confirmation-words.ts';
import type { Line } from '../../tools/tool.ts';

/** Times that an agreement is asked for. */
const QUESTIONS = 2;

/** What asking takes of a call. */
export interface Asking {
  readonly line: Pick<Line, 'collect' | 'pressed'>;
  /** Says a template so that neither key nor voice cuts it off; tells which part of it was heard, from 0 to 1. */
  readonly say: (template: string) => Promise<number>;
  /** Whether the caller's words are for the agent. */
  readonly listen: (on: boolean) => void;
  /** What is spoken on the call. */
  readonly language: string;
}

/** Tells the caller that the call is recorded, and asks where the definition wants an agreement. Never rejects. */
export async function askConsent(
  consent: RecordingSettings['consent'],
  asking: Asking,
): Promise<RecordingRecord['consent']> {
  if (!consent) return 'none';
  if (consent.agree) return agreement(consent.text, consent.agree, asking);
  // What is said over it is no turn that the agent could answer in the middle of it.
  asking.listen(false);
  const heard = await asking.say(consent.text);
  asking.listen(true);
  return heard < 1 ? 'not_heard' : 'heard';
}

async function agreement(
  text: string,
  { key, yes, no, timeout }: AgreementSettings,
  { line, say, language }: Asking,
): Promise<RecordingRecord['consent']> {
  const own = confirmationWords(language, undefined);
  const words = { yes: yes ?? own.yes, no: no ?? own.no };
  for (let asked = 1; asked <= QUESTIONS; asked++) {
    const collection = line.collect({
      digits: 1,
      minDigits: undefined,
      firstDigitTimeout: timeout * 1_000,
      interDigitTimeout: timeout * 1_000,
      endsAtWords: (said) => answerIn(said, words) !== undefined,
    });
    const spoken = say(text).finally(() => collection.agentFellSilent());
    const [{ digits, ended_by }, heard] = await Promise.all([collection.result, spoken]);
    if (digits !== '') line.pressed(digits);
    if (heard < 1 || ended_by === 'hangup') return 'not_heard';
    if (digits !== '') return digits === key ? 'agreed' : 'declined';
    const answer = answerIn(collection.said.at(-1) ?? '', words);
    if (answer) return answer === 'yes' ? 'agreed' : 'declined';
  }
  return 'declined';
}
