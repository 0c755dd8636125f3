import { RATE, WINDOW } from './silero.ts';

/** Milliseconds of a window. */
export const WINDOW_MS = (1_000 * WINDOW) / RATE;
/** Windows before its beginning that belong to an utterance, half a second; and that one has at most, in a minute. */
const WINDOWS_BEFORE = Math.ceil(500 / WINDOW_MS);
const MOST_WINDOWS = Math.ceil(60_000 / WINDOW_MS);
/** How much of what it was before a probability keeps: one window alone is no speech. */
const SMOOTHING = 0.35;

/** When what is heard is speech: how sure, and for how many milliseconds. */
export interface SpeechRules {
  readonly threshold: number;
  readonly speech: number;
  readonly silence: number;
}

/** Tells from window to window when somebody begins to speak and stops, and keeps what was said. */
export class Speech {
  /** The probability, smoothed. */
  probability = 0;
  speaking = false;
  /** Milliseconds: of the speech or silence that goes on, and of windows on end that sound like speech, or do not. */
  speechDuration = 0;
  silenceDuration = 0;
  speechOnEnd = 0;
  silenceOnEnd = 0;
  readonly #rules: SpeechRules;
  #windows: Int16Array[] = [];
  #first = true;

  constructor(rules: SpeechRules) {
    this.#rules = rules;
  }

  /** Nobody speaks, and nothing sounds as if somebody began to. */
  get idle(): boolean {
    return !this.speaking && this.speechOnEnd === 0;
  }

  /** Samples of the utterance so far, with what was heard right before it. */
  utterance(): Int16Array {
    const samples = new Int16Array(this.#windows.length * WINDOW);
    for (const [n, window] of this.#windows.entries()) samples.set(window, n * WINDOW);
    return samples;
  }

  /** Takes the next window. The durations of this window and of what it ends are told by `told`, before they begin anew. */
  hear(window: Int16Array, probability: number, told: (what: 'window' | 'began' | 'ended') => void): void {
    this.probability = this.#first
      ? probability
      : SMOOTHING * this.probability + (1 - SMOOTHING) * probability;
    this.#first = false;
    if (this.#windows.length < MOST_WINDOWS) this.#windows.push(window);
    if (this.speaking) this.speechDuration += WINDOW_MS;
    else this.silenceDuration += WINDOW_MS;
    told('window');
    if (this.probability > this.#rules.threshold) {
      this.speechOnEnd += WINDOW_MS;
      this.silenceOnEnd = 0;
      if (!this.speaking && this.speechOnEnd >= this.#rules.speech) {
        this.speaking = true;
        this.silenceDuration = 0;
        this.speechDuration = this.speechOnEnd;
        told('began');
      }
      return;
    }
    this.silenceOnEnd += WINDOW_MS;
    this.speechOnEnd = 0;
    if (this.speaking && this.silenceOnEnd > this.#rules.silence) {
      this.speaking = false;
      this.speechDuration = 0;
      this.silenceDuration = this.silenceOnEnd;
      told('ended');
    }
    if (!this.speaking && this.#windows.length > WINDOWS_BEFORE)
      this.#windows.splice(0, this.#windows.length - WINDOWS_BEFORE);
  }

  /** Forgets all, as at the beginning. */
  reset(): void {
    this.probability = 0;
    this.#first = true;
    this.speaking = false;
    this.speechDuration = this.silenceDuration = this.speechOnEnd = this.silenceOnEnd = 0;
    this.#windows = [];
  }
}
