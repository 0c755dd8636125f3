import type { AudioFrame } from '@livekit/rtc-node';
import { voice } from '@livekit/agents';

/**
 * The agent's audio output with a stop of its own. The framework can only stop speech by interrupting it, which aborts the tool
 * call that came with it; a key pressed during the prompt must silence the agent and leave the tool running.
 *
 * @example session.output.audio = cut = new Cut(session.output.audio); … cut.silence();
 */
export class Cut extends voice.AudioOutput {
  readonly #next: voice.AudioOutput;
  readonly #open: Promise<void>;
  #letGo: () => void = () => undefined;
  #speaking = false;
  #silenced = false;
  #heard: string | undefined;
  #onFinished: () => void = () => undefined;

  /** @param open resolves when there is somebody to hear; until then what is said waits. */
  constructor(next: voice.AudioOutput, open: Promise<void>) {
    super(next.sampleRate, next, { pause: true });
    this.#next = next;
    this.#open = Promise.race([open, new Promise<void>((resolve) => (this.#letGo = resolve))]);
    this.on(voice.AudioOutput.EVENT_PLAYBACK_FINISHED, (event: { synchronizedTranscript?: string }) => {
      if (this.#silenced) this.#heard = `${this.#heard ?? ''}${event.synchronizedTranscript ?? ''}`;
      this.#speaking = false;
      this.#onFinished();
    });
  }

  override async captureFrame(frame: AudioFrame): Promise<void> {
    await this.#open;
    if (this.#silenced) return;
    this.#speaking = true;
    await super.captureFrame(frame);
    await this.#next.captureFrame(frame);
  }

  override flush(): void {
    super.flush();
    this.#next.flush();
  }

  override clearBuffer(): void {
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
