import { ANSWERS } from '../dialogue.ts';
import { MODEL_TIME } from '../delays.ts';
import { type Hole, holesIn, loudTime } from '../phone/heard.ts';
import type { Line } from '../phone/line.ts';
import { systemClock } from '../../base/clock.ts';
import { ask } from './conversation.ts';

/** One answer of the agent's, a tone, as it was heard. */
export interface Answer {
  /** When it was first heard. Milliseconds since 1970. */
  readonly at: number;
  /** From the last packet of what the caller said to that, without the models' own time; undefined where it began before. */
  readonly overhead: number | undefined;
  readonly holes: readonly Hole[];
  /** Milliseconds of it that were never heard. */
  readonly missing: number;
}

/** What is waited for behind the tone's proper end: it may have been late. */
const LATER = 500;
/** Milliseconds that a caller thinks. */
const THINKING = 300;
const TONE = ANSWERS.talk.ms;

/** A caller who talks with the agent again and again: says a sentence, and listens to the answer. */
export class Talker {
  readonly answers: Answer[] = [];
  readonly #line: Line;
  #unanswered = 0;
  #over = false;

  constructor(line: Line) {
    this.#line = line;
  }

  /** Sentences that the agent did not answer. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Talks, from now until the end. The caller has been greeted. */
  begin(sentences: readonly Buffer[]): void {
    void this.#talk(sentences);
  }

  end(): void {
    this.#over = true;
  }

  async #talk(sentences: readonly Buffer[]): Promise<void> {
    for (let n = 0; !this.#over; n++) {
      const sentence = sentences[n % sentences.length];
      if (!sentence) return;
      const { said, answered, cut } = await ask(this.#line, sentence);
      if (answered === undefined) {
        this.#unanswered++;
        continue;
      }
      await systemClock.sleep(TONE + LATER);
      const heard = this.#line.packets.filter(({ at }) => at >= answered);
      this.answers.push({
        at: answered,
        overhead: cut ? undefined : answered - said.to - MODEL_TIME,
        holes: holesIn(heard),
        missing: Math.max(0, TONE - loudTime(heard)),
      });
      await systemClock.sleep(THINKING);
    }
  }
}
