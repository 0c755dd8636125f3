import type { tts } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import type { Pcm } from './interjection.ts';

/** Milliseconds that a sentence may take to be rendered: at least, and for each character. */
const SHORTEST_LIMIT = 6_000;
const LIMIT_A_CHARACTER = 40;

/** What renders: a speech model, whose sentences say whether anything of them was broken off and said again. */
export interface Renderer {
  readonly sampleRate: number;
  synthesize(
    ...args: Parameters<tts.TTS['synthesize']>
  ): AsyncIterable<{ readonly frame: { readonly data: Int16Array } }> & { readonly flawed?: boolean };
}

/** Sound that is there, or on its way. */
export interface Sound {
  /** Resolves when there is something to hear; false where there never will be. */
  readonly begins: Promise<boolean>;
  /** Seconds of all of it; undefined while it is not all there. */
  readonly length: number | undefined;
  /** From its beginning, as it comes. */
  frames(): ReadableStream<AudioFrame>;
}

/** A sentence on its way to becoming sound. It is rendered to its end, whoever listens. */
export class Rendering implements Sound {
  readonly begins: Promise<boolean>;
  /** All of it; rejects with what the speech model failed with. */
  readonly pcm: Promise<Pcm>;
  /** Something of it is missing, or stands in it twice: it can be played, and is not to be kept. */
  flawed = false;
  readonly #rate: number;
  readonly #parts: Int16Array[] = [];
  #samples = 0;
  #over = false;
  #onMore: () => void = () => undefined;
  #more: Promise<void> = Promise.resolve();

  constructor(speech: Renderer, text: string) {
    this.#rate = speech.sampleRate;
    this.#expectMore();
    this.begins = this.#more.then(() => this.#samples > 0);
    this.pcm = this.#render(speech, text).finally(() => {
      this.#over = true;
      this.#onMore();
    });
    this.pcm.catch(() => undefined);
  }

  get length(): number | undefined {
    return this.#over ? this.#samples / this.#rate : undefined;
  }

  frames(): ReadableStream<AudioFrame> {
    let next = 0;
    return new ReadableStream<AudioFrame>(
      {
        pull: async (stream) => {
          while (next >= this.#parts.length && !this.#over) await this.#more;
          const part = this.#parts[next++];
          if (part) stream.enqueue(frameOf(part, this.#rate));
          else stream.close();
        },
      },
      { highWaterMark: 0 },
    );
  }

  async #render(speech: Renderer, text: string): Promise<Pcm> {
    const limit = Math.max(SHORTEST_LIMIT, text.length * LIMIT_A_CHARACTER);
    const once = { maxRetry: 0, retryIntervalMs: 0, timeoutMs: limit };
    const late = AbortSignal.timeout(limit);
    const stream = speech.synthesize(text, once, late);
    for await (const { frame } of stream) {
      this.#parts.push(frame.data);
      this.#samples += frame.data.length;
      const arrived = this.#onMore;
      this.#expectMore();
      arrived();
    }
    this.flawed = late.aborted || (stream.flawed ?? false);
    if (this.#samples === 0) throw new Error('the speech model gave no sound');
    const samples = new Int16Array(this.#samples);
    let at = 0;
    for (const part of this.#parts) {
      samples.set(part, at);
      at += part.length;
    }
    return { samples, rate: this.#rate };
  }

  #expectMore(): void {
    this.#more = new Promise((resolve) => (this.#onMore = resolve));
  }
}

/** Sound that is all there. */
export function soundOf({ samples, rate }: Pcm): Sound {
  const step = Math.floor(rate / 10);
  return {
    begins: Promise.resolve(true),
    length: samples.length / rate,
    frames: () => {
      let at = 0;
      return new ReadableStream<AudioFrame>(
        {
          pull: (stream) => {
            if (at >= samples.length) {
              stream.close();
              return;
            }
            stream.enqueue(frameOf(samples.subarray(at, at + step), rate));
            at += step;
          },
        },
        { highWaterMark: 0 },
      );
    },
  };
}

/** A copy: what plays a frame takes all of the memory behind it. */
function frameOf(samples: Int16Array, rate: number): AudioFrame {
  const own = samples.slice();
  return new AudioFrame(own, rate, 1, own.length);
}
