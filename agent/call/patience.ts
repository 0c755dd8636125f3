import type { Clock } from '../../base/clock.ts';
import type { EndReason } from '../../threads/entry.ts';
import type { ChosenAgent } from './agent.ts';
import type { Hush } from './commands/hush.ts';
import type { Ending } from './ending.ts';
import type { Interjections } from './interjections.ts';
import type { Models } from './models.ts';
import { Quiet, type Turn } from './quiet.ts';
import { Silence } from './silence.ts';
import type { Transfer } from './transfer/transfer.ts';
import type { Trouble } from './trouble/trouble.ts';
import type { Voice } from './voice.ts';

const ASK_AGAIN =
  'The caller has said and pressed nothing for a while. In one short sentence ask again what you asked last, or whether they are still there.';
/** Milliseconds between a turn and a sentence that does not belong to it; the end of a turn may be doubtful for 2.5 s. */
const BREATH = 3_000;
/** A reply that is not there after so many fillers will not come. */
const MOST_FILLERS = 2;

interface Parts {
  readonly agent: ChosenAgent;
  readonly models: Models;
  readonly voice: Voice;
  readonly hush: Hush;
  readonly interjections: Interjections;
  readonly trouble: Trouble;
  readonly transfer: Transfer;
  readonly toolsBusy: () => boolean;
  readonly ending: Ending;
  readonly answered: Promise<void>;
  readonly clock: Clock;
}

/** What is done when nothing happens, or for too long: silence is asked about, and a call's time runs out with a warning and a goodbye. */
export class Patience {
  readonly #parts: Parts;
  readonly #quiet: Quiet;
  readonly #silence: Silence;
  readonly #cancelTimers: (() => void)[] = [];
  #isAnswered = false;
  #warningDue = false;
  #askedAgain = false;
  #fillers = 0;

  constructor(parts: Parts) {
    const { clock, voice, interjections, agent } = parts;
    this.#parts = parts;
    const { silence, silence_reprompts } = agent.definition.limits;
    this.#silence = new Silence({ silence: silence * 1_000, reprompts: silence_reprompts });
    this.#quiet = new Quiet({
      clock,
      turn: () => this.#turn(),
      lastSound: () => Math.max(voice.lastSound, interjections.lastSound),
    });
    this.#quiet.watch('caller', (ms) => this.#callerIsQuiet(ms));
    this.#quiet.watch('agent', (ms) => this.#agentIsQuiet(ms));
  }

  begin(): void {
    const { clock, answered, agent } = this.#parts;
    const { max_duration, duration_warning } = agent.definition.limits;
    const { before } = duration_warning;
    if (before > 0 && before < max_duration)
      this.#cancelTimers.push(
        clock.after((max_duration - before) * 1_000, () => {
          this.#warningDue = true;
        }),
      );
    this.#cancelTimers.push(clock.after(max_duration * 1_000, () => void this.#timeIsUp()));
    void this.#parts.interjections.prepare(this.#parts.trouble.sentences);
    void answered.then(() => {
      this.#isAnswered = true;
      this.#quiet.stir();
      this.#quiet.start();
    });
  }

  end(): void {
    this.#quiet.stop();
    for (const cancel of this.#cancelTimers) cancel();
  }

  /** The agent is about to say something of itself: what was quiet before is no waiting for it. */
  stirred(): void {
    this.#quiet.stir();
  }

  /** The caller spoke, or pressed a key. */
  callerStirred(): void {
    this.#askedAgain = false;
    this.#silence.broken();
    this.#quiet.stir();
  }

  /** The model was to ask again and could not: the definition's own sentence does it. False where it was something else that failed. */
  async asksInstead(): Promise<boolean> {
    if (!this.#askedAgain) return false;
    this.#askedAgain = false;
    await this.#parts.interjections.say(this.#parts.agent.definition.limits.silence_reprompt);
    return true;
  }

  #turn(): Turn {
    const { voice, models, toolsBusy, hush, ending } = this.#parts;
    if (!this.#isAnswered || ending.begun.aborted || voice.isMute || hush.on || toolsBusy()) return 'nobody';
    return voice.replying || models.stt.busy ? 'agent' : 'caller';
  }

  /** A reply takes long, whatever it is that it waits for. */
  #agentIsQuiet(ms: number): void {
    const { models, interjections, trouble, agent } = this.#parts;
    if (ms < models.patience) return;
    this.#fillers += 1;
    if (this.#fillers <= MOST_FILLERS) void interjections.say(agent.definition.trouble.filler, 'filler');
    else trouble.exhausted(models.busy() ?? 'llm', 'no_reply');
  }

  #callerIsQuiet(ms: number): void {
    this.#fillers = 0;
    const { limits } = this.#parts.agent.definition;
    if (this.#warningDue && ms >= BREATH) {
      this.#warningDue = false;
      void this.#parts.interjections.say(limits.duration_warning.text);
      return;
    }
    switch (this.#silence.after(ms)) {
      case 'wait':
        return;
      case 'ask again':
        this.#quiet.stir();
        this.#askedAgain = true;
        this.#parts.voice.reply({ instructions: ASK_AGAIN });
        return;
      case 'give up':
        void this.#giveUp();
    }
  }

  /** A caller who is heard during the goodbye keeps the call. */
  async #giveUp(): Promise<void> {
    await this.#parts.interjections.say(this.#parts.agent.definition.limits.silence_goodbye);
    if (this.#silence.isBroken) return;
    await this.#parts.voice.fallSilent();
    this.#parts.ending.decide({ result: 'abandoned', reason: 'silence' });
  }

  async #timeIsUp(): Promise<void> {
    const { ending, transfer, agent } = this.#parts;
    const reason = { result: 'completed', reason: 'max_duration' } as const;
    // Whoever the caller is with then would talk into it.
    if (transfer.underWay || !this.#isAnswered) ending.decide(reason);
    else await this.#goodbye(agent.definition.limits.duration_goodbye, reason);
  }

  async #goodbye(text: string, reason: EndReason): Promise<void> {
    const { voice, interjections, ending } = this.#parts;
    await voice.fallSilent();
    await interjections.say(text);
    ending.decide(reason);
  }
}
