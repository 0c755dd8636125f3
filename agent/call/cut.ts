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
  #speaking = false;
  #silenced = false;
  #heard: string | undefined;

  constructor(next: voice.AudioOutput) {
    super(next.sampleRate, next, { pause: true });
    this.#next = next;
    this.on(voice.AudioOutput.EVENT_PLAYBACK_FINISHED, (event: { synchronizedTranscript?: string }) => {
      if (this.#silenced) this.#heard = `${this.#heard ?? ''}${event.synchronizedTranscript ?? ''}`;
      this.#speaking = false;
    });
  }

  override async captureFrame(frame: AudioFrame): Promise<void> {
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

  /** Stops what is being said, and the rest of the same utterance that is still being synthesized. */
  silence(): void {
    if (this.#silenced) return;
    this.#silenced = true;
    this.#heard = this.#speaking ? undefined : '';
    this.#next.clearBuffer();
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
