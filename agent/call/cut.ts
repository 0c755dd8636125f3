import type { AudioFrame } from '@livekit/rtc-node';
import { voice } from '@livekit/agents';
import type { Clock } from '../../base/clock.ts';

/** Milliseconds of audio in a packet: a shorter gap is none to hear. */
const PACKET = 20;

/**
 * The agent's audio output with a stop of its own. The framework can only stop speech by interrupting it, which aborts the tool
 * call that came with it; a key pressed during the prompt must silence the agent and leave the tool running.
 *
 * @example session.output.audio = cut = new Cut(session.output.audio); … cut.silence();
 */
export class Cut extends voice.AudioOutput {
  readonly #next: voice.AudioOutput;
  readonly #open: Promise<void>;
  readonly #clock: Clock;
  readonly #onGap: (ms: number) => void;
  readonly #heardInTimeOf: (text: string) => string;
  #letGo: () => void = () => undefined;
  #speaking = false;
  #silenced = false;
  #heard: string | undefined;
  #onFinished: () => void = () => undefined;
  #interjected: Promise<void> = Promise.resolve();
  #playsUntil = 0;
  /** The next frame belongs right behind the last one. */
  #goesOn = false;

  /**
   * @param open resolves when there is somebody to hear; until then what is said waits.
   * @param onGap told for how long there was nothing to play in the middle of an utterance. Milliseconds.
   * @param heardInTimeOf what was heard in the time that the text takes as it is written.
   */
  constructor(
    next: voice.AudioOutput,
    open: Promise<void>,
    clock: Clock,
    onGap: (ms: number) => void = () => undefined,
    heardInTimeOf: (text: string) => string = (text) => text,
  ) {
    super(next.sampleRate, next, { pause: true });
    this.#next = next;
    this.#clock = clock;
    this.#onGap = onGap;
    this.#heardInTimeOf = heardInTimeOf;
    this.#open = Promise.race([open, new Promise<void>((resolve) => (this.#letGo = resolve))]);
    this.on(voice.AudioOutput.EVENT_PLAYBACK_FINISHED, (event: { synchronizedTranscript?: string }) => {
      if (this.#silenced) this.#heard = `${this.#heard ?? ''}${event.synchronizedTranscript ?? ''}`;
      this.#speaking = false;
      this.#goesOn = false;
      this.#playsUntil = Math.min(this.#playsUntil, this.#clock.elapsed());
      this.#onFinished();
    });
  }

  /** When what it was given so far has been played; in the past where that is so. Milliseconds since 1970. */
  get playsUntil(): number {
    return this.#playsUntil;
  }

  /** The next utterance waits until something else has been said. */
  after(interjection: Promise<void>): void {
    this.#interjected = interjection;
  }

  override async captureFrame(frame: AudioFrame): Promise<void> {
    await this.#open;
    await this.#interjected;
    if (this.#silenced) return;
    this.#speaking = true;
    await super.captureFrame(frame);
    const now = this.#clock.elapsed();
    if (this.#goesOn && now - this.#playsUntil >= PACKET) this.#onGap(now - this.#playsUntil);
    this.#goesOn = true;
    this.#playsUntil = Math.max(this.#playsUntil, now) + (frame.samplesPerChannel / frame.sampleRate) * 1_000;
    await this.#next.captureFrame(frame);
  }

  /** The framework reckons what was heard by the words as they are written, and knows nothing of how the voice says them. */
  override onPlaybackFinished(finished: Parameters<voice.AudioOutput['onPlaybackFinished']>[0]): void {
    const { interrupted, synchronizedTranscript: text } = finished;
    const heard = interrupted && text !== undefined ? this.#heardInTimeOf(text) : text;
    super.onPlaybackFinished(heard === undefined ? finished : { ...finished, synchronizedTranscript: heard });
  }

  override flush(): void {
    this.#goesOn = false;
    super.flush();
    this.#next.flush();
  }

  /** What was paused and goes on has no gap there. */
  override pause(): void {
    this.#goesOn = false;
    super.pause();
  }

  override resume(): void {
    this.#goesOn = false;
    super.resume();
  }

  override clearBuffer(): void {
    this.#goesOn = false;
    this.#next.clearBuffer();
  }

  /**
   * Stops what is being said, and the rest of the same utterance that is still being synthesized. Resolves when it has stopped.
   */
  silence(): Promise<void> {
    if (!this.#silenced) {
      this.#silenced = true;
      this.#heard = this.#speaking ? undefined : '';
      this.#letGo();
      this.#next.clearBuffer();
    }
    if (!this.#speaking) return Promise.resolve();
    return new Promise((resolve) => (this.#onFinished = resolve));
  }

  /**
   * Ends the silence: the next utterance is heard again.
   *
   * @returns what was heard of the utterance that was cut off; undefined where none was cut.
   */
  release(): string | undefined {
    if (!this.#silenced) return undefined;
    this.#silenced = false;
    const heard = this.#heard ?? '';
    this.#heard = undefined;
    return heard;
  }
}
