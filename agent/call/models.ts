import { inference } from '@livekit/agents';
import type { Clock } from '../../base/clock.ts';
import type { Config, ModelPart } from '../../config.ts';
import { languageOf } from '../definition/character.ts';
import type { Definition } from '../definition/definition.ts';
import { modelNameOf, serverOf } from '../definition/model-server.ts';
import { CHAT_MODEL } from '../definition/models.ts';
import type { Pcm } from './interjection.ts';
import { type RealtimeParts, realtimeParts } from './realtime/model.ts';
import type { Utterances } from './realtime/utterances.ts';
import { Pronunciation } from './pronunciation.ts';
import type { Sound } from './rendering.ts';
import { Sentences } from './sentences.ts';
import type { Witness } from './trouble/attempts.ts';
import { Hearing, type HearingServer } from './trouble/hearing.ts';
import { Mind, type MindServer } from './trouble/mind.ts';
import { Speech } from './trouble/speech.ts';
import { Detector } from './vad/detector.ts';
import { Silero } from './vad/silero.ts';

/** What a call hears, thinks and speaks with. */
export interface Models {
  readonly stt: Hearing;
  readonly llm: Mind;
  readonly tts: Speech;
  readonly vad: Detector;
  readonly turnDetector: inference.TurnDetector;
  /** A fixed sentence in the agent's voice, rendered once and kept; rejects with E_MODEL_FAILED. */
  sentence(text: string): Promise<Pcm>;
  /** The same as sound that can be played while it is rendered; what fails is trouble. */
  sound(text: string): Sound;
  /** The same where it is there already. */
  kept(text: string): Pcm | undefined;
  /** How the voice says words. */
  readonly pronunciation: Pronunciation;
  /** What is being waited for. */
  busy(): ModelPart | undefined;
  /** Milliseconds that a caller waits for a reply before something else is said. */
  readonly patience: number;
  /** Sounds of the replies of a model that speaks itself. */
  readonly utterances: Utterances | undefined;
  /** Connects what is needed in a moment; never rejects. */
  warmUp(signal: AbortSignal): Promise<void>;
  /** The call is over. */
  close(): void;
}

/** Model names where neither the definition nor the environment names one. */
const DEFAULTS = { llm: CHAT_MODEL, stt: 'gpt-4o-mini-transcribe', tts: 'gpt-4o-mini-tts' } as const;

const PARTS = ['stt', 'llm', 'tts'] as const;
/** Seconds that a part has for its first sign of life where the definition does not say, and a caller before something else is said. */
const TIMEOUTS = { stt: 3, llm: 3, tts: 2.5 } as const;
const PATIENCE = 2.5;
/** So many times longer for `attendant speech`. */
const KEYLESS = 4;

/** Runs the local end-of-turn model in this process: its inference is on libuv's pool, so one copy serves all calls. */
export interface TurnModel {
  doInference(method: string, input: unknown): Promise<unknown>;
}

/** Milliseconds of silence after which the caller has stopped speaking, where the definition does not say otherwise. */
export const SHORTEST_SILENCE = 400;
/**
 * The models of one process. Voice activity detection is loaded once; clients of the model servers are made for each call from
 * its definition, through the OpenAI plugins, whatever the server is.
 */
export class ModelSource {
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #silero: Silero;
  readonly #turnModel: TurnModel;
  readonly #sentences = new Sentences();
  readonly #onFailure: (part: ModelPart) => void;

  private constructor(
    config: Config,
    silero: Silero,
    turnModel: TurnModel,
    clock: Clock,
    onFailure: (part: ModelPart) => void,
  ) {
    this.#onFailure = onFailure;
    this.#clock = clock;
    this.#config = config;
    this.#silero = silero;
    this.#turnModel = turnModel;
  }

  /** @param onFailure told each time that a model fails, on whatever call. */
  static async load(
    config: Config,
    turnModel: TurnModel,
    clock: Clock,
    onFailure: (part: ModelPart) => void,
  ): Promise<ModelSource> {
    return new ModelSource(config, await Silero.load(), turnModel, clock, onFailure);
  }

  /**
   * The models of one call.
   *
   * @param witness is told what fails; without one it is nobody's trouble, as with a briefing that can be done without.
   */
  for(definition: Definition, { failed, exhausted }: Witness = NOBODY): Models {
    const witness: Witness = {
      failed: (part, model, cause) => {
        this.#onFailure(part);
        failed(part, model, cause);
      },
      exhausted,
    };
    const { models, trouble, turns } = definition;
    const clock = this.#clock;
    const timeout = (part: ModelPart) => this.#timeout(part, models);
    const realtime = this.#realtime(definition, witness, exhausted !== NOBODY.exhausted);
    const ears = realtime ? realtime.map(({ ears }) => ears) : this.#ears(definition, witness);
    const minds = realtime ? realtime.map(({ mind }) => mind) : this.#minds(definition, witness);
    const hearing = new Hearing(ears, {
      language: languageOf(definition),
      timeout: timeout('stt'),
      witness,
      clock,
    });
    const mind = new Mind(minds, { timeout: timeout('llm'), again: trouble.again, witness, clock });
    const [own] = realtime ?? [];
    const { speech, voice } = this.#speech(definition, witness);
    // What is rendered ahead and fails is no trouble yet.
    const { speech: ahead } = this.#speech(definition, NOBODY);
    return {
      stt: hearing,
      llm: mind,
      tts: speech,
      pronunciation: new Pronunciation(definition.pronunciation),
      sentence: (text) => this.#sentences.get(voice, text, ahead),
      sound: (text) => this.#sentences.sound(voice, text, speech),
      busy: () => (hearing.busy ? 'stt' : mind.busy ? 'llm' : speech.busy ? 'tts' : undefined),
      kept: (text) => this.#sentences.kept(voice, text),
      patience:
        (trouble.filler_after ?? PATIENCE * Math.max(...PARTS.map((part) => this.#slowness(part, models)))) *
        1_000,
      utterances: own?.utterances,
      warmUp: async (signal) => own?.link.open(signal),
      close: () => own?.link.close(),
      vad: new Detector(this.#silero, {
        threshold: turns.vad.threshold,
        speech: turns.vad.speech * 1_000,
        silence: turns.vad.silence * 1_000,
      }),
      // The framework would otherwise choose a cloud detector by itself.
      turnDetector: new inference.TurnDetector({ version: 'v1-mini', executor: this.#turnModel }),
    };
  }

  /** Has a fixed sentence rendered before anybody calls; rejects with E_MODEL_FAILED. */
  async ahead(definition: Definition, text: string): Promise<void> {
    const { speech, voice } = this.#speech(definition, NOBODY);
    await this.#sentences.get(voice, text, speech);
  }

  /** The agent's voice, and what tells it from any other. */
  #speech(definition: Definition, witness: Witness): { speech: Speech; voice: string } {
    const { models, pronunciation } = definition;
    const voices = this.#servers('tts', models.tts, witness).map(({ said, ...server }) => ({
      ...server,
      parameters: said.parameters,
      voice: said.voice ?? models.tts.voice,
      speed: said.speed ?? models.tts.speed,
    }));
    const speech = new Speech(voices, {
      timeout: this.#timeout('tts', models),
      pronunciation: new Pronunciation(pronunciation),
      witness,
      clock: this.#clock,
    });
    const [first] = voices;
    return { speech, voice: JSON.stringify([first?.baseUrl, first?.name, models.tts, pronunciation]) };
  }

  #ears({ models }: Definition, witness: Witness): HearingServer[] {
    return this.#servers('stt', models.stt, witness).map(({ said, ...server }) => ({
      ...server,
      parameters: said.parameters,
    }));
  }

  #minds({ models }: Definition, witness: Witness): MindServer[] {
    return this.#servers('llm', models.llm, witness).map(({ said, ...server }) => ({
      ...server,
      temperature: said.temperature,
      parameters: said.parameters,
    }));
  }

  /** The model that hears and replies in one, or none where its variables are not set; undefined where the parts are models of their own. */
  #realtime(definition: Definition, witness: Witness, speaks: boolean): RealtimeParts[] | undefined {
    const { realtime } = definition.models;
    if (!realtime) return undefined;
    const server = serverOf(this.#config.models.llm, realtime, this.#config.env);
    if (!server) {
      witness.failed('llm', realtime.model, 'not_set');
      return [];
    }
    const options = { language: languageOf(definition), speaks };
    return [realtimeParts({ name: realtime.model, ...server }, realtime, options)];
  }

  /** Milliseconds. */
  #timeout(part: ModelPart, models: Definition['models']): number {
    if (models.realtime && part !== 'tts') return models.realtime.timeout * 1_000;
    return (models[part].timeout ?? TIMEOUTS[part] * this.#slowness(part, models)) * 1_000;
  }

  /** The keyless servers share the processor with everything else: slow is not in trouble there. */
  #slowness(part: ModelPart, models: Definition['models']): number {
    if (models.realtime && part !== 'tts') return 1;
    return this.#config.models[part].real || models[part].base_url_env !== undefined ? 1 : KEYLESS;
  }

  /**
   * The part's own server and those that stand in, each with what the definition says of it. One whose variable is not set is left out, which is
   * told: nothing else would show it before it is needed.
   */
  #servers<P extends ModelPart>(
    part: P,
    said: Said<P> & { readonly fallback: readonly Said<P>[] },
    witness: Witness,
  ): Served<P>[] {
    const own = this.#config.models[part];
    const usual = DEFAULTS[part];
    const first = { name: modelNameOf(own, said, usual), said: said as Said<P> };
    const others = said.fallback.map((standIn) => ({ name: standIn.model ?? usual, said: standIn }));
    return [first, ...others].flatMap(({ name, said }) => {
      const server = serverOf(own, said, this.#config.env);
      if (server) return [{ name, ...server, said }];
      witness.failed(part, name, 'not_set');
      return [];
    });
  }
}

/** What a definition says of a model, be it a part's own or one that stands in. */
type Said<P extends ModelPart> = Omit<Definition['models'][P]['fallback'][number], 'model'> & {
  readonly model?: string | undefined;
};

interface Served<P extends ModelPart> {
  readonly name: string;
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly said: Said<P>;
}

const NOBODY: Witness = { failed: () => undefined, exhausted: () => undefined };
