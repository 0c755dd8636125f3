import type { tts } from '@livekit/agents';
import type { Pcm } from './interjection.ts';

/** Bytes of audio that are kept: about ten minutes of it. */
const MOST_KEPT = 32 * 1_024 * 1_024;
/** Milliseconds. */
const RENDER_LIMIT = 6_000;

/**
 * Fixed sentences as sound, rendered once and kept, by voice and text: what has to be said when a model is in trouble must be there
 * before. One for a process; what was used last is kept.
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
  async get(voice: string, text: string, tts: tts.TTS): Promise<Pcm> {
    const kept = this.kept(voice, text);
    if (kept) return kept;
    const key = keyOf(voice, text);
    let rendering = this.#rendering.get(key);
    if (!rendering) {
      rendering = render(tts, text).finally(() => this.#rendering.delete(key));
      this.#rendering.set(key, rendering);
      rendering.then(
        (pcm) => this.#keep(key, pcm),
        () => undefined,
      );
    }
    return rendering;
  }

  #keep(key: string, pcm: Pcm): void {
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

async function render(speech: tts.TTS, text: string): Promise<Pcm> {
  const stream = speech.synthesize(
    text,
    { maxRetry: 0, retryIntervalMs: 0, timeoutMs: RENDER_LIMIT },
    AbortSignal.timeout(RENDER_LIMIT),
  );
  const parts: Int16Array[] = [];
  let length = 0;
  for await (const { frame } of stream) {
    parts.push(frame.data);
    length += frame.data.length;
  }
  if (length === 0) throw new Error('the speech model gave no sound');
  const samples = new Int16Array(length);
  let at = 0;
  for (const part of parts) {
    samples.set(part, at);
    at += part.length;
  }
  return { samples, rate: speech.sampleRate };
}
