import { VAD, type VADEvent, VADEventType, VADStream } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import type { ReadableStream, ReadableStreamDefaultReader } from 'node:stream/web';
import { AttendantError } from '../../../base/errors.ts';
import { Events } from './events.ts';
import { newMemory, pass, RATE, type Silero, WINDOW } from './silero.ts';
import { Speech, type SpeechRules, WINDOW_MS } from './speech.ts';
import { Windows } from './windows.ts';

/** Loudness of 32,767 below which nothing is speech: what a silent line carries, about -60 dB. */
const QUIET = 32;
/** Windows of silence on end, with nobody speaking, after which more of it is not looked at. */
const SETTLED = 8;
/** No more likely than that is silence for sure. */
const UNLIKELY = 0.1;

/**
 * When somebody speaks on a call: Silero's network behind the framework's interface. Its own plugin copies what it has heard number by number for each
 * window, keeps four megabytes a call for it, tells everybody of each window of silence, and looks at silence too: most of what a call cost was that.
 */
export class Detector extends VAD {
  readonly label = 'attendant.Detector';
  readonly #silero: Silero;
  readonly #rules: SpeechRules;
  readonly #onUtterance = new Set<(event: VADEvent) => void>();

  constructor(silero: Silero, rules: SpeechRules) {
    super({ updateInterval: WINDOW_MS });
    this.#silero = silero;
    this.#rules = rules;
  }

  override get minSilenceDuration(): number {
    return this.#rules.silence;
  }

  /** Listens to a voice of its own. */
  stream(): VADStream {
    return new DetectorStream(this, this.#silero, this.#rules, (event) => {
      for (const told of this.#onUtterance) told(event);
    });
  }

  /** Tells where utterances begin and end, and what was said, in whatever it listens to; until the function returned is called. */
  onUtterance(told: (event: VADEvent) => void): () => void {
    this.#onUtterance.add(told);
    return () => this.#onUtterance.delete(told);
  }
}

class DetectorStream extends VADStream {
  readonly #silero: Silero;
  readonly #onUtterance: (event: VADEvent) => void;
  readonly #speech: Speech;
  readonly #windows = new Windows();
  readonly #events = new Events<VADEvent>();
  #memory = newMemory();
  #waiting: Int16Array[] = [];
  #looking = false;
  #quiet = 0;
  #heard = 0;
  #wasIdle = false;
  #epoch = 0;
  #reader: ReadableStreamDefaultReader<AudioFrame> | undefined;

  constructor(
    detector: Detector,
    silero: Silero,
    rules: SpeechRules,
    onUtterance: (event: VADEvent) => void,
  ) {
    super(detector);
    this.#silero = silero;
    this.#speech = new Speech(rules);
    this.#onUtterance = onUtterance;
  }

  override updateInputStream(audio: ReadableStream<AudioFrame>): void {
    const reader = (this.#reader = audio.getReader());
    const read = async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this.closed) return;
        this.#hear(value);
      }
    };
    // Where it is taken away the reader lets go of it, and has nothing more to read.
    read().catch((error: unknown) => {
      if (this.#reader === reader) this.logger.error({ error }, 'the sound of a call broke off');
    });
  }

  override detachInputStream(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.releaseLock();
  }

  override pushFrame(frame: AudioFrame): void {
    this.#hear(frame);
  }

  /** What was heard is no part of what comes next. */
  override flush(): void {
    this.#epoch++;
    this.#waiting = [];
    this.#windows.reset();
    this.#speech.reset();
    this.#memory = newMemory();
    this.#quiet = 0;
  }

  override endInput(): void {
    this.inputClosed = true;
    this.#events.end();
  }

  override next(): Promise<IteratorResult<VADEvent>> {
    return this.#events.next();
  }

  override close(): void {
    this.#events.end();
    if (!this.closed) super.close();
  }

  #hear(frame: AudioFrame): void {
    if (frame.sampleRate !== RATE)
      throw new AttendantError('E_INTERNAL', `speech is told from silence at ${RATE} Hz only`);
    this.#waiting.push(...this.#windows.push(frame.data));
    if (!this.#looking) void this.#look();
  }

  async #look(): Promise<void> {
    this.#looking = true;
    try {
      for (let window = this.#waiting.shift(); window && !this.closed; window = this.#waiting.shift())
        await this.#take(window);
    } catch (error) {
      this.logger.error({ error }, 'speech cannot be told from silence any more');
      this.#events.end();
    } finally {
      this.#looking = false;
    }
  }

  async #take(window: Int16Array): Promise<void> {
    const epoch = this.#epoch;
    this.#quiet = isQuiet(window) ? this.#quiet + 1 : 0;
    let probability = 0;
    if (this.#quiet > SETTLED && this.#speech.idle && this.#speech.probability < UNLIKELY)
      pass(this.#memory, window);
    else probability = await this.#silero.probability(this.#memory, window);
    // Flushed meanwhile.
    if (epoch !== this.#epoch || this.closed) return;
    this.#heard++;
    const { idle } = this.#speech;
    this.#speech.hear(window, probability, (what) => this.#tell(what));
    this.#wasIdle = idle;
  }

  #tell(what: 'window' | 'began' | 'ended'): void {
    switch (what) {
      case 'window':
        // Of silence that goes on nobody has to know.
        if (!this.#wasIdle || !this.#speech.idle) this.#put(VADEventType.INFERENCE_DONE, []);
        return;
      case 'began':
        this.#onUtterance(this.#put(VADEventType.START_OF_SPEECH, [this.#utterance()]));
        return;
      case 'ended':
        this.#onUtterance(this.#put(VADEventType.END_OF_SPEECH, [this.#utterance()]));
        return;
      default:
        what satisfies never;
    }
  }

  #put(type: VADEventType, frames: AudioFrame[]): VADEvent {
    const speech = this.#speech;
    const ofWindow = type === VADEventType.INFERENCE_DONE;
    const event: VADEvent = {
      type,
      samplesIndex: this.#heard * WINDOW,
      timestamp: this.#heard * WINDOW_MS,
      silenceDuration: speech.silenceDuration,
      speechDuration: speech.speechDuration,
      probability: speech.probability,
      inferenceDuration: 0,
      frames,
      speaking: speech.speaking,
      rawAccumulatedSilence: ofWindow ? speech.silenceOnEnd : 0,
      rawAccumulatedSpeech: ofWindow ? speech.speechOnEnd : 0,
    };
    this.#events.put(event);
    return event;
  }

  #utterance(): AudioFrame {
    const samples = this.#speech.utterance();
    return new AudioFrame(samples, RATE, 1, samples.length);
  }
}

function isQuiet(window: Int16Array): boolean {
  for (const sample of window) if (sample > QUIET || sample < -QUIET) return false;
  return true;
}
