import { voice } from '@livekit/agents';
import type { Clock } from '../../base/clock.ts';
import type { CallMeasures, ModelUse, TurnLatency } from '../../threads/measures.ts';

/** What the framework measures of a message, in seconds. */
interface Measured {
  readonly transcriptionDelay?: number;
  readonly endOfTurnDelay?: number;
  readonly llmNodeTtft?: number;
  readonly ttsNodeTtfb?: number;
  readonly e2eLatency?: number;
  /** Since 1970. */
  readonly startedSpeakingAt?: number;
}

/** Who speaks, and how long each did. Milliseconds. */
class Talk {
  readonly #clock: Clock;
  #since: number | undefined;
  #total = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  speaks(now: boolean): void {
    if (now) this.#since ??= this.#clock.elapsed();
    else {
      this.#total = this.total;
      this.#since = undefined;
    }
  }

  get speaking(): boolean {
    return this.#since !== undefined;
  }

  get total(): number {
    return this.#total + (this.#since === undefined ? 0 : this.#clock.elapsed() - this.#since);
  }
}

/** What is measured of one call: how quickly the agent answers and by which part, who talked how long, and what the models were asked for. */
export class Measures {
  readonly #clock: Clock;
  readonly #onTurn: (latency: TurnLatency, at: number) => void;
  readonly #agent: Talk;
  readonly #caller: Talk;
  readonly #anyone: Talk;
  #interruptions = 0;
  readonly #gaps = { count: 0, total: 0 };
  #began: number | undefined;
  #session: voice.AgentSession | undefined;
  /** Of the caller's last words, until the agent answers them. */
  #heard: Measured = {};

  /** @param onTurn told how long the agent took, each time it answers the caller, and when its first sound was (milliseconds since 1970). */
  constructor(clock: Clock, onTurn: (latency: TurnLatency, at: number) => void) {
    this.#clock = clock;
    this.#onTurn = onTurn;
    [this.#agent, this.#caller, this.#anyone] = [new Talk(clock), new Talk(clock), new Talk(clock)];
  }

  watch(session: voice.AgentSession): void {
    const { AgentSessionEventTypes: Event } = voice;
    this.#session = session;
    this.#began = this.#clock.elapsed();
    session.on(Event.AgentStateChanged, ({ newState }) => this.#speaks(this.#agent, newState === 'speaking'));
    session.on(Event.UserStateChanged, ({ newState }) => this.#speaks(this.#caller, newState === 'speaking'));
    session.on(Event.ConversationItemAdded, ({ item }) => {
      if (item.type !== 'message') return;
      const measured = item.metrics as Measured;
      if (item.role === 'user') this.#heard = measured;
      if (item.role !== 'assistant') return;
      if (item.interrupted) this.#interruptions += 1;
      this.#answered(measured);
    });
  }

  /** There was nothing to play for `ms` while the agent spoke. */
  gap(ms: number): void {
    this.#gaps.count += 1;
    this.#gaps.total += Math.round(ms);
  }

  /** All of the call so far; undefined where nobody has talked. */
  result(): CallMeasures | undefined {
    if (this.#began === undefined || !this.#session) return undefined;
    const [agent, caller] = [Math.round(this.#agent.total), Math.round(this.#caller.total)];
    const silence = Math.max(0, Math.round(this.#clock.elapsed() - this.#began - this.#anyone.total));
    const models = this.#session.usage.modelUsage.flatMap((usage) => useOf(usage) ?? []);
    const gaps = { ...this.#gaps };
    return { talk: { agent, caller, silence }, interruptions: this.#interruptions, gaps, models };
  }

  #speaks(who: Talk, now: boolean): void {
    who.speaks(now);
    this.#anyone.speaks(this.#agent.speaking || this.#caller.speaking);
  }

  #answered({ llmNodeTtft, ttsNodeTtfb, e2eLatency, startedSpeakingAt }: Measured): void {
    // The framework knows it only where the agent answers words; a greeting and a reply to a tool answer none.
    if (e2eLatency === undefined) return;
    const { transcriptionDelay, endOfTurnDelay } = this.#heard;
    this.#heard = {};
    const latency = {
      transcription: milliseconds(transcriptionDelay),
      end_of_turn: milliseconds(endOfTurnDelay),
      model: milliseconds(llmNodeTtft),
      voice: milliseconds(ttsNodeTtfb),
      total: milliseconds(e2eLatency) ?? 0,
    };
    this.#onTurn(latency, milliseconds(startedSpeakingAt) ?? this.#clock.now());
  }
}

type Usage = voice.AgentSession['usage']['modelUsage'][number];

function useOf(usage: Partial<Usage>): ModelUse | undefined {
  switch (usage.type) {
    case 'llm_usage': {
      const { model = '', inputTokens = 0, inputCachedTokens = 0, outputTokens = 0 } = usage;
      return {
        part: 'llm',
        model,
        input_tokens: inputTokens,
        cached_tokens: inputCachedTokens,
        output_tokens: outputTokens,
      };
    }
    case 'stt_usage':
      return { part: 'stt', model: usage.model ?? '', audio: Math.round(usage.audioDurationMs ?? 0) };
    case 'tts_usage': {
      const { model = '', charactersCount = 0, audioDurationMs = 0 } = usage;
      return { part: 'tts', model, characters: charactersCount, audio: Math.round(audioDurationMs) };
    }
    // Turn detection runs in our own process and costs nothing.
    case 'eot_usage':
    case 'interruption_usage':
    case undefined:
      return undefined;
    default:
      usage satisfies never;
      return undefined;
  }
}

function milliseconds(seconds: number | undefined): number | null {
  return seconds === undefined ? null : Math.round(seconds * 1_000);
}
