import { type APIConnectOptions, tts } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../base/clock.ts';
import type { SpeechParameters } from '../../definition/model-parameters.ts';
import type { Pronunciation } from '../pronunciation.ts';
import { type Candidate, Candidates, Failure, tryEach, type Witness } from './attempts.ts';
import { unlessAborted } from '../../../base/unless-aborted.ts';
import { Budget } from './budget.ts';
import { SPEECH_RATE, SpeechAudio } from './speech-audio.ts';

/** One speech model at its server. */
export interface SpeechServer extends Candidate {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly voice: string;
  readonly speed: number | undefined;
  readonly parameters: SpeechParameters;
}

interface Parts {
  /** Milliseconds to the first sound, and between two pieces of it. */
  readonly timeout: number;
  readonly pronunciation: Pronunciation;
  readonly witness: Witness;
  readonly clock: Clock;
}

/**
 * Text to speech over `POST {base URL}/audio/speech`, played as it comes. When a model fails or is too slow the next one says the sentence. Never
 * throws: where none is left the sentence is without sound, and the witness knows.
 */
export class Speech extends tts.TTS {
  readonly label = 'attendant.Speech';
  readonly #candidates: Candidates<SpeechServer>;
  readonly #parts: Parts;
  #last: Promise<unknown> = Promise.resolve();
  #busy = 0;

  constructor(servers: readonly SpeechServer[], parts: Parts) {
    super(SPEECH_RATE, 1, { streaming: false });
    this.#candidates = new Candidates(servers, parts.clock);
    this.#parts = parts;
    this.on('error', () => undefined);
  }

  override get model(): string {
    return this.#candidates.name;
  }

  /** A sentence is being synthesized. */
  get busy(): boolean {
    return this.#busy > 0;
  }

  override synthesize(text: string, options?: APIConnectOptions, signal?: AbortSignal): Sentence {
    return new Sentence(this, text, (sentence) => this.#speak(sentence), options, signal);
  }

  override stream(): tts.SynthesizeStream {
    throw new Error('sentences are synthesized one by one');
  }

  async #speak(sentence: Sentence): Promise<void> {
    // A few signs without a word have no sound, and need none.
    if (!/[\p{L}\p{N}]/u.test(sentence.inputText)) return;
    const { timeout, pronunciation, witness, clock } = this.#parts;
    const input = pronunciation.spoken(sentence.inputText);
    const signal = sentence.abortSignal;
    const before = this.#last;
    this.#busy += 1;
    const work = tryEach(
      { part: 'tts', candidates: this.#candidates, witness, clock, signal },
      async (server) => {
        const budget = new Budget(clock, timeout, before);
        try {
          const either = AbortSignal.any([signal, budget.signal]);
          await unlessAborted(request(server, input, sentence, budget, either), either);
        } catch (error) {
          sentence.breaksOff();
          throw error;
        } finally {
          budget.done();
        }
      },
    );
    this.#last = work;
    await work.finally(() => (this.#busy -= 1));
  }
}

async function request(
  server: SpeechServer,
  input: string,
  sentence: Sentence,
  budget: Budget,
  signal: AbortSignal,
): Promise<void> {
  const { baseUrl, apiKey, name, voice, speed, parameters } = server;
  const response = await fetch(`${baseUrl.replace(/\/$/, '')}/audio/speech`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      input,
      model: name,
      voice,
      response_format: parameters.response_format ?? 'pcm',
      ...(parameters.instructions !== undefined && { instructions: parameters.instructions }),
      ...(speed === undefined ? {} : { speed }),
    }),
    signal,
  });
  if (!response.ok) {
    await response.body?.cancel().catch(() => undefined);
    throw new Failure(`http_${response.status}`);
  }
  if (!isRaw(response.headers.get('content-type') ?? '')) {
    await response.body?.cancel().catch(() => undefined);
    throw new Failure('garbage');
  }
  const audio = new SpeechAudio(parameters, (frame) => sentence.play(frame));
  for await (const piece of response.body ?? []) {
    if (signal.aborted) return;
    const chunk = piece as Uint8Array;
    if (chunk.length === 0) continue;
    budget.signOfLife();
    audio.take(chunk);
  }
  if (!signal.aborted) audio.end();
}

/**
 * Whether what comes may be raw samples or a WAV, by its type, which many servers leave out or call anything. Compressed sound played as samples is a noise
 * that hurts.
 */
function isRaw(type: string): boolean {
  if (/json|text|html|xml/i.test(type)) return false;
  return !/(audio|video)\/(x-)?(mpeg|mp3|mp4|m4a|aac|ogg|opus|flac|webm|3gpp|amr)/i.test(type);
}

/** One sentence on its way to becoming sound. */
class Sentence extends tts.ChunkedStream {
  readonly label = 'attendant.Sentence';
  readonly #speak: (sentence: Sentence) => Promise<void>;
  readonly #id = randomUUID();
  #hasSound = false;
  #flawed = false;

  constructor(
    owner: tts.TTS,
    text: string,
    speak: (sentence: Sentence) => Promise<void>,
    options?: APIConnectOptions,
    signal?: AbortSignal,
  ) {
    super(text, owner, options, signal);
    this.#speak = speak;
  }

  play(frame: AudioFrame): void {
    if (this.queue.closed) return;
    this.#hasSound = true;
    this.queue.put({ requestId: this.#id, segmentId: this.#id, frame, final: false });
  }

  /** Whether something of it was broken off. */
  get flawed(): boolean {
    return this.#flawed;
  }

  /** What was heard of it so far is not its beginning any more, but something before it. */
  breaksOff(): void {
    this.#flawed ||= this.#hasSound;
  }

  protected override async run(): Promise<void> {
    try {
      await this.#speak(this);
    } finally {
      if (!this.queue.closed) this.queue.close();
    }
  }
}
