import { piecesOf } from '../definition/template.ts';
import type { ConfirmationSettings } from '../definition/receive-dtmf.ts';
import { masked } from '../../threads/secret-digits.ts';
import { answerIn, confirmationWords, NO_KEY, YES_KEY } from './confirmation-words.ts';
import type { Line } from './tool.ts';

/** What the caller came to: `other` is words that are no answer; `silence` and `gone` are none at all. */
export type Answer = 'yes' | 'no' | 'other' | 'silence' | 'gone';

/** Times that the question is put; a key that means nothing, and silence, lead to the next. */
const QUESTIONS = 2;
/** Keys that follow the number faster than that are digits too many, and no answer. Milliseconds. */
const PAUSE = 1_000;

/** Asks the caller whether digits are right. */
export class Confirmation {
  readonly tries: number;
  readonly #words: ReturnType<typeof confirmationWords>;
  readonly #timeout: number;
  readonly #sensitive: boolean;
  readonly #render: (template: string) => string;

  constructor(parts: {
    settings: ConfirmationSettings | undefined;
    language: string;
    sensitive: boolean;
    render: (template: string) => string;
  }) {
    const { settings, language, sensitive, render } = parts;
    this.tries = settings?.tries ?? 3;
    this.#timeout = (settings?.timeout ?? 10) * 1_000;
    this.#words = confirmationWords(language, settings);
    this.#sensitive = sensitive;
    this.#render = render;
  }

  /** The apology that asks for the number again. */
  get again(): string {
    return this.#render(this.#words.again);
  }

  /** Reads the digits back one by one, asks, and hears the answer, by voice or key. */
  async ask(line: Line, digits: string): Promise<Answer> {
    const question = this.#render(this.#words.question);
    let says = this.#readBack(digits, question);
    for (let asked = 1; ; asked++) {
      const answer = await this.#put(line, says);
      if (answer !== 'silence' && answer !== 'unclear') return answer;
      if (asked === QUESTIONS) return 'silence';
      says = { text: question, recorded: question };
    }
  }

  async #put(line: Line, says: { text: string; recorded: string }): Promise<Answer | 'unclear'> {
    const judge = (words: string) => answerIn(words, this.#words);
    const collection = line.collect({
      digits: 1,
      minDigits: undefined,
      firstDigitTimeout: this.#timeout,
      interDigitTimeout: this.#timeout,
      onlyAfterPause: PAUSE,
      endsAtWords: (words) => judge(words) !== undefined,
    });
    const options = { anew: true, ...(this.#sensitive ? { recorded: says.recorded } : {}) };
    // A call that ends meanwhile is told by the collection.
    const spoken = line
      .say(says.text, options)
      .catch(() => undefined)
      .then(() => collection.agentFellSilent());
    const [{ digits: key, ended_by }] = await Promise.all([collection.result, spoken]);
    if (key !== '') line.pressed(key);
    if (ended_by === 'hangup') return 'gone';
    if (key === YES_KEY) return 'yes';
    if (key === NO_KEY) return 'no';
    if (key !== '' || ended_by === 'terminator') return 'unclear';
    if (ended_by !== 'speech') return 'silence';
    return judge(collection.said.at(-1) ?? '') ?? 'other';
  }

  /** "1, 2, 3": every voice says figures with commas between one by one, in its own language. */
  #readBack(digits: string, question: string): { text: string; recorded: string } {
    const fill = (shown: string) =>
      piecesOf(this.#words.readBack)
        .map((piece) => {
          if ('text' in piece) return piece.text;
          if (piece.variable === 'digits') return Array.from(shown).join(', ');
          return this.#render(`{{${piece.variable}}}`);
        })
        .join('');
    return { text: `${fill(digits)} ${question}`, recorded: `${fill(masked(digits))} ${question}` };
  }
}
