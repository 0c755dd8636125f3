import type { Room } from '@livekit/rtc-node';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { EndReason } from '../../threads/entry.ts';
import type { ChosenAgent } from './agent.ts';
import type { Ending } from './ending.ts';
import { interject } from './interjection.ts';
import type { Models } from './models.ts';
import { Quiet, type Turn } from './quiet.ts';
import { Silence } from './silence.ts';
import type { Transcript } from './transcript.ts';
import type { Transfer } from './transfer/transfer.ts';
import type { Voice } from './voice.ts';

const ASK_AGAIN =
  'The caller has said and pressed nothing for a while. In one short sentence ask again what you asked last, or whether they are still there.';
/** Milliseconds between a turn and a sentence that does not belong to it. */
const BREATH = 700;
/** Milliseconds that a sentence may take to be rendered and said. */
const SAYING_LIMIT = 12_000;

interface Parts {
  readonly room: Room;
  readonly agent: ChosenAgent;
  readonly render: (template: string) => string;
  readonly models: Models;
  readonly voice: Voice;
  readonly transfer: Transfer;
  readonly toolsBusy: () => boolean;
  readonly transcript: Transcript;
  readonly ending: Ending;
  readonly answered: Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is done when nothing happens, or for too long: silence is asked about, and a call's time runs out with a warning and a goodbye. */
export class Patience {
  readonly #parts: Parts;
  readonly #quiet: Quiet;
  readonly #silence: Silence;
  readonly #cancelTimers: (() => void)[] = [];
  #isAnswered = false;
  #warningDue = false;
  /** What is said beside the conversation, one after the other. */
  #interjection: Promise<void> = Promise.resolve();
  #interjecting = 0;
  #interjectedAt = 0;

  constructor(parts: Parts) {
    const { clock, voice, agent } = parts;
    this.#parts = parts;
    const { silence, silence_reprompts } = agent.definition.limits;
    this.#silence = new Silence({ silence: silence * 1_000, reprompts: silence_reprompts });
    this.#quiet = new Quiet({
      clock,
      turn: () => this.#turn(),
      lastSound: () =>
        this.#interjecting > 0 ? clock.now() : Math.max(voice.lastSound, this.#interjectedAt),
    });
    this.#quiet.watch('caller', (ms) => this.#callerIsQuiet(ms));
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
    this.#silence.broken();
    this.#quiet.stir();
  }

  #turn(): Turn {
    const { voice, toolsBusy, ending } = this.#parts;
    if (!this.#isAnswered || ending.begun.aborted || toolsBusy()) return 'nobody';
    return voice.replying ? 'agent' : 'caller';
  }

  #callerIsQuiet(ms: number): void {
    const { limits } = this.#parts.agent.definition;
    if (this.#warningDue && ms >= BREATH) {
      this.#warningDue = false;
      void this.#interject(limits.duration_warning.text);
      return;
    }
    switch (this.#silence.after(ms)) {
      case 'wait':
        return;
      case 'ask again':
        this.#quiet.stir();
        this.#parts.voice.reply({ instructions: ASK_AGAIN });
        return;
      case 'give up':
        void this.#giveUp();
    }
  }

  /** A caller who is heard during the goodbye keeps the call. */
  async #giveUp(): Promise<void> {
    await this.#interject(this.#parts.agent.definition.limits.silence_goodbye);
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
    const { voice, ending } = this.#parts;
    await voice.fallSilent();
    await this.#interject(text);
    ending.decide(reason);
  }

  /** Says a fixed sentence beside the conversation; what the agent says next waits for it. */
  async #interject(template: string): Promise<void> {
    const { voice } = this.#parts;
    const before = this.#interjection;
    this.#interjecting += 1;
    this.#interjection = before
      .then(() => this.#say(this.#parts.render(template)))
      .finally(() => {
        this.#interjecting -= 1;
        this.#interjectedAt = this.#parts.clock.now();
      });
    voice.after(this.#interjection);
    await this.#interjection;
  }

  async #say(text: string): Promise<void> {
    const { room, models, transcript, ending, clock, log } = this.#parts;
    const limit = new AbortController();
    const cancel = clock.after(SAYING_LIMIT, () => limit.abort(new Error('it took too long')));
    try {
      const pcm = await models.sentence(text);
      const signal = AbortSignal.any([limit.signal, ending.begun]);
      if (signal.aborted) return;
      const heard = await interject(room, pcm, { signal, clock, log });
      transcript.assistant(firstPart(text, heard), heard < 1);
    } catch (error) {
      log.warn({ pii: { error } }, 'a sentence could not be rendered');
    } finally {
      cancel();
    }
  }
}

/** The words that fit into that part of the sentence's time. */
function firstPart(text: string, part: number): string {
  if (part >= 1) return text;
  return text.slice(0, text.lastIndexOf(' ', Math.floor(text.length * part)) + 1).trim();
}
