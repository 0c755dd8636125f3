import type { Pcm } from './interjection.ts';
import { type Renderer, Rendering, type Sound, soundOf } from './rendering.ts';

/** Bytes of audio that are kept: about ten minutes of it. */
const MOST_KEPT = 32 * 1_024 * 1_024;

/**
 * Fixed sentences as sound, rendered once and kept, by voice and text: what has to be said at once, or when a model is in trouble, must be
 * there before. One for a process; what was used last is kept.
 */
export class Sentences {
  readonly #kept = new Map<string, Pcm>();
  readonly #rendering = new Map<string, Promise<Pcm>>();
  #bytes = 0;

  /** The sentence if it is there. */
  kept(voice: string, text: string): Pcm | undefined {
    const key = keyOf(voice, text);
    const pcm = this.#kept.get(key);
    if (pcm) {
      this.#kept.delete(key);
      this.#kept.set(key, pcm);
    }
    return pcm;
  }

  /** The sentence, rendered now where it is not there yet; rejects with what the speech model failed with. */
  async get(voice: string, text: string, speech: Renderer): Promise<Pcm> {
    const kept = this.kept(voice, text);
    if (kept) return kept;
    const key = keyOf(voice, text);
    let rendering = this.#rendering.get(key);
    if (!rendering) {
      rendering = this.#render(key, text, speech).pcm.finally(() => this.#rendering.delete(key));
      this.#rendering.set(key, rendering);
    }
    return rendering;
  }

  /** The same as sound that can be listened to while it is rendered, by this speech model: whoever waits for it learns of its failures. */
  sound(voice: string, text: string, speech: Renderer): Sound {
    const kept = this.kept(voice, text);
    return kept ? soundOf(kept) : this.#render(keyOf(voice, text), text, speech);
  }

  #render(key: string, text: string, speech: Renderer): Rendering {
    const rendering = new Rendering(speech, text);
    rendering.pcm.then(
      (pcm) => {
        if (!rendering.flawed) this.#keep(key, pcm);
      },
      () => undefined,
    );
    return rendering;
  }

  #keep(key: string, pcm: Pcm): void {
    this.#bytes -= this.#kept.get(key)?.samples.byteLength ?? 0;
    this.#kept.delete(key);
    this.#kept.set(key, pcm);
    this.#bytes += pcm.samples.byteLength;
    for (const [oldest, { samples }] of this.#kept) {
      if (this.#bytes <= MOST_KEPT) return;
      this.#kept.delete(oldest);
      this.#bytes -= samples.byteLength;
    }
  }
}

function keyOf(voice: string, text: string): string {
  return `${voice}\n${text}`;
}
