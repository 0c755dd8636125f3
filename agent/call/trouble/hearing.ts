import { type AudioBuffer, stt } from '@livekit/agents';
import * as openai from '@livekit/agents-plugin-openai';
import { OpenAI } from 'openai';
import type { Clock } from '../../../base/clock.ts';
import type { TranscriptionParameters } from '../../definition/model-parameters.ts';
import { type Candidate, Candidates, tryEach, type Witness } from './attempts.ts';
import { unlessAborted } from '../../../base/unless-aborted.ts';
import { Budget } from './budget.ts';
import { transcriptFetch } from './wire.ts';

/** One transcription model at its server. */
export interface HearingServer extends Candidate {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly parameters: TranscriptionParameters;
}

/** A model that understands utterances by other means than `POST /audio/transcriptions`. */
export interface Listener extends Candidate {
  recognize(audio: AudioBuffer, signal: AbortSignal): Promise<stt.SpeechEvent>;
}

const NOTHING: stt.SpeechData = {
  language: '' as stt.SpeechData['language'],
  text: '',
  startTime: 0,
  endTime: 0,
  confidence: 0,
};

/**
 * Speech to text, an utterance at a time. Over HTTP unless a model brings its own way: every OpenAI-compatible server has that. When a model fails or is
 * too slow the next one hears the utterance. Where none is left nothing was heard, and the witness knows why.
 */
export class Hearing extends stt.STT {
  readonly label = 'attendant.Hearing';
  readonly #candidates: Candidates<Listener>;
  readonly #parts: { timeout: number; witness: Witness; clock: Clock };
  #busy = 0;

  /** @param parts.timeout milliseconds for the text of an utterance. */
  constructor(
    servers: readonly (HearingServer | Listener)[],
    parts: { language: string; timeout: number; witness: Witness; clock: Clock },
  ) {
    super({ streaming: false, interimResults: false });
    const models = servers.map((server) =>
      'recognize' in server ? server : overHttp(server, parts.language),
    );
    this.#candidates = new Candidates(models, parts.clock);
    this.#parts = parts;
    this.on('error', () => undefined);
  }

  override get model(): string {
    return this.#candidates.name;
  }

  /** An utterance is being heard. */
  get busy(): boolean {
    return this.#busy > 0;
  }

  override stream(): stt.SpeechStream {
    throw new Error('utterances are heard one by one');
  }

  protected override async _recognize(
    ...[audio, abort]: Parameters<stt.STT['recognize']>
  ): Promise<stt.SpeechEvent> {
    const { timeout, witness, clock } = this.#parts;
    const signal = abort ?? new AbortController().signal;
    let heard: stt.SpeechEvent | undefined;
    this.#busy += 1;
    try {
      await tryEach({ part: 'stt', candidates: this.#candidates, witness, clock, signal }, async (model) => {
        const budget = new Budget(clock, timeout);
        const either = AbortSignal.any([signal, budget.signal]);
        try {
          heard = await unlessAborted(model.recognize(audio, either), either);
        } finally {
          budget.done();
        }
      });
    } finally {
      this.#busy -= 1;
    }
    return heard ?? { type: stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives: [NOTHING] };
  }
}

function overHttp({ name, baseUrl, apiKey, parameters }: HearingServer, language: string): Listener {
  const model = new openai.STT({
    apiKey,
    client: new OpenAI({
      baseURL: baseUrl,
      apiKey,
      maxRetries: 0,
      fetch: transcriptFetch(parameters.temperature),
    }),
    model: name,
    language,
    ...(parameters.prompt !== undefined && { prompt: parameters.prompt }),
    useRealtime: false,
  });
  return { name, recognize: (audio, signal) => model.recognize(audio, signal) };
}
