import { voice } from '@livekit/agents';
import type { Pronunciation } from './pronunciation.ts';
import type { Sound } from './rendering.ts';

/** What an output tells of the end of what it played; the position is in seconds. */
type Finished = Parameters<voice.AudioOutput['onPlaybackFinished']>[0];

/**
 * A text that is said as it is, and how far it was heard. Of what was cut off the framework puts down all: it reckons what was heard for
 * what a model says only.
 */
export class Saying {
  readonly speech: voice.SpeechHandle;
  readonly #text: string;
  readonly #sound: Sound | undefined;
  readonly #pronunciation: Pronunciation;
  /** Its turn has come. */
  hasBegun = false;
  #last: Finished | undefined;

  /** @param sound where it was rendered before: then it is known how long it is. */
  constructor(
    text: string,
    speech: voice.SpeechHandle,
    output: voice.AudioOutput,
    parts: { pronunciation: Pronunciation; sound?: Sound | undefined },
  ) {
    this.speech = speech;
    this.#text = text;
    this.#sound = parts.sound;
    this.#pronunciation = parts.pronunciation;
    const { EVENT_PLAYBACK_FINISHED } = voice.AudioOutput;
    const onFinished = (finished: Finished) => (this.#last = finished);
    // What was played before its turn was somebody else's.
    void speech._waitForAuthorization().then(() => {
      if (speech.done()) return;
      this.hasBegun = true;
      output.on(EVENT_PLAYBACK_FINISHED, onFinished);
    });
    speech.addDoneCallback(() => output.off(EVENT_PLAYBACK_FINISHED, onFinished));
  }

  /** What was heard of it, once it has been played or cut off. */
  get heard(): string {
    const { interrupted, playbackPosition = 0, synchronizedTranscript = '' } = this.#last ?? {};
    if (this.#last && !interrupted) return this.#text;
    const length = this.#sound?.length;
    return length === undefined
      ? synchronizedTranscript
      : this.#pronunciation.heardOf(this.#text, playbackPosition / length);
  }
}

/** The texts that are said as they are, and will be. */
export class Sayings {
  readonly #all = new Set<Saying>();

  add(saying: Saying): void {
    this.#all.add(saying);
    saying.speech.addDoneCallback(() => this.#all.delete(saying));
  }

  /** The one whose turn it is; undefined where none is said, as when a model speaks. */
  get current(): Saying | undefined {
    return [...this.#all].find(({ hasBegun }) => hasBegun);
  }
}
