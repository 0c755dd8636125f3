import { fileURLToPath } from 'node:url';
import { inference, type VAD } from '@livekit/agents';
import * as openai from '@livekit/agents-plugin-openai';
import * as silero from '@livekit/agents-plugin-silero';
import { InferenceSession } from 'onnxruntime-node';
import type { Config, ModelServer } from '../../config.ts';
import type { Definition } from '../definition/definition.ts';
import type { Pcm } from './interjection.ts';
import { Sentences } from './sentences.ts';

/** What a call hears, thinks and speaks with. */
export interface Models {
  readonly stt: openai.STT;
  readonly llm: openai.LLM;
  readonly tts: openai.TTS;
  readonly vad: VAD;
  readonly turnDetector: inference.TurnDetector;
  /** A fixed sentence in the agent's voice, rendered once and kept; rejects with what the speech model failed with. */
  sentence(text: string): Promise<Pcm>;
}

/** Model names where neither the definition nor the environment names one. */
const DEFAULTS = { llm: 'gpt-4.1-mini', stt: 'gpt-4o-mini-transcribe', tts: 'gpt-4o-mini-tts' } as const;

/** Runs the local end-of-turn model in this process: its inference is on libuv's pool, so one copy serves all calls. */
export interface TurnModel {
  doInference(method: string, input: unknown): Promise<unknown>;
}

/** Milliseconds of silence after which the caller has stopped speaking. */
export const SHORTEST_SILENCE = 400;
/** How speech is told from silence. Milliseconds; Silero's defaults but for a shorter silence, which ends a turn sooner. */
const VAD_OPTIONS = {
  minSpeechDuration: 50,
  minSilenceDuration: SHORTEST_SILENCE,
  prefixPaddingDuration: 500,
  maxBufferedSpeech: 60_000,
  activationThreshold: 0.5,
  sampleRate: 16_000,
  forceCPU: true,
} as const;

/**
 * Loads Silero's model once and gives each call a detector of its own on it: a detector keeps every stream that it ever made, so one
 * for all calls would grow with each.
 */
async function loadVad(): Promise<() => VAD> {
  const model = new URL('silero_vad.onnx', import.meta.resolve('@livekit/agents-plugin-silero'));
  const session = await InferenceSession.create(fileURLToPath(model), {
    interOpNumThreads: 1,
    intraOpNumThreads: 1,
    executionMode: 'sequential',
    executionProviders: [{ name: 'cpu' }],
  });
  return () => new silero.VAD(session, VAD_OPTIONS);
}

/**
 * The models of one process. Voice activity detection is loaded once; clients of the model servers are made for each call from
 * its definition, through the OpenAI plugins, whatever the server is.
 */
export class ModelSource {
  readonly #config: Config;
  readonly #newVad: () => VAD;
  readonly #turnModel: TurnModel;
  readonly #sentences = new Sentences();

  private constructor(config: Config, newVad: () => VAD, turnModel: TurnModel) {
    this.#config = config;
    this.#newVad = newVad;
    this.#turnModel = turnModel;
  }

  static async load(config: Config, turnModel: TurnModel): Promise<ModelSource> {
    return new ModelSource(config, await loadVad(), turnModel);
  }

  for(definition: Definition): Models {
    const { llm, stt, tts } = this.#config.models;
    const { models } = definition;
    const name = (server: ModelServer, part: keyof typeof DEFAULTS) =>
      server.model ?? models[part].model ?? DEFAULTS[part];
    const speech = new openai.TTS({
      baseURL: tts.baseUrl,
      apiKey: tts.apiKey,
      model: name(tts, 'tts'),
      voice: models.tts.voice as openai.TTSVoices,
      ...(models.tts.speed === undefined ? {} : { speed: models.tts.speed }),
    });
    const voiceKey = [tts.baseUrl, name(tts, 'tts'), models.tts.voice, models.tts.speed].join('\n');
    return {
      // Over HTTP, an utterance at a time: every OpenAI-compatible server has that, few have the realtime socket.
      stt: new openai.STT({
        baseURL: stt.baseUrl,
        apiKey: stt.apiKey,
        model: name(stt, 'stt'),
        language: models.stt.language,
        useRealtime: false,
      }),
      llm: new openai.LLM({
        baseURL: llm.baseUrl,
        apiKey: llm.apiKey,
        model: name(llm, 'llm'),
        ...(models.llm.temperature === undefined ? {} : { temperature: models.llm.temperature }),
      }),
      tts: speech,
      sentence: (text) => this.#sentences.get(voiceKey, text, speech),
      vad: this.#newVad(),
      // The framework would otherwise choose a cloud detector by itself.
      turnDetector: new inference.TurnDetector({ version: 'v1-mini', executor: this.#turnModel }),
    };
  }
}
