import type { Room } from '@livekit/rtc-node';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Ending } from './ending.ts';
import { interject, type Pcm } from './interjection.ts';
import type { Models } from './models.ts';
import type { Transcript } from './transcript.ts';
import { RECORDED, type Recorded, recording } from './trouble/recordings.ts';

/** Milliseconds that a sentence may take to be there, and longer to be said than it is. */
const SAYING_LIMIT = 15_000;
/** Milliseconds that a sentence gets to be rendered where a recording can take its place. */
const RENDERING_LIMIT = 800;

interface Parts {
  readonly room: Room;
  readonly models: Models;
  readonly render: (template: string) => string;
  /** What the agent says of itself waits for that. */
  readonly holdBack: (until: Promise<void>) => void;
  readonly transcript: Transcript;
  readonly ending: Ending;
  readonly clock: Clock;
  readonly log: Log;
}

/** The fixed sentences of a definition, said beside the conversation, one after the other. */
export class Interjections {
  readonly #parts: Parts;
  #last: Promise<void> = Promise.resolve();
  #running = 0;
  #heardAt = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** When one was last heard, which is now while one is on its way. Milliseconds since 1970. */
  get lastSound(): number {
    return this.#running > 0 ? this.#parts.clock.elapsed() : this.#heardAt;
  }

  /** Renders sentences that may be needed at once, one at a time, until one cannot be. */
  async prepare(templates: readonly string[]): Promise<void> {
    const { models, render, log, ending } = this.#parts;
    try {
      for (const template of templates) if (!ending.begun.aborted) await models.sentence(render(template));
    } catch (error) {
      log.warn({ code: 'E_MODEL_FAILED', pii: { error } }, 'a sentence could not be rendered ahead');
    }
  }

  /**
   * Says one. Resolves when it has been heard, with the part of it that was, from 0 to 1; never rejects.
   *
   * @param recorded stands in where it is not there and cannot be rendered soon enough.
   */
  async say(template: string, recorded?: Recorded): Promise<number> {
    this.#running += 1;
    const said = this.#last
      .then(() => this.#say(this.#parts.render(template), recorded))
      .finally(() => {
        this.#running -= 1;
        this.#heardAt = this.#parts.clock.elapsed();
      });
    this.#last = said.then(() => undefined);
    this.#parts.holdBack(this.#last);
    return said;
  }

  async #say(text: string, recorded: Recorded | undefined): Promise<number> {
    const { room, transcript, ending, clock, log } = this.#parts;
    const limit = new AbortController();
    const within = (ms: number) => clock.after(ms, () => limit.abort(new Error('it took too long')));
    let cancel = within(SAYING_LIMIT);
    const signal = AbortSignal.any([limit.signal, ending.begun]);
    try {
      const { said, pcm } = await this.#sound(text, recorded, signal);
      cancel();
      if (signal.aborted) return 0;
      cancel = within((pcm.samples.length / pcm.rate) * 1_000 + SAYING_LIMIT);
      const heard = await interject(room, pcm, { signal, clock, log });
      transcript.assistant(this.#parts.models.pronunciation.heardOf(said, heard), heard < 1);
      return heard;
    } catch (error) {
      log.warn({ code: 'E_MODEL_FAILED', pii: { error } }, 'a sentence could not be rendered');
      return 0;
    } finally {
      cancel();
    }
  }

  async #sound(
    text: string,
    recorded: Recorded | undefined,
    signal: AbortSignal,
  ): Promise<{ said: string; pcm: Pcm }> {
    const { models, clock } = this.#parts;
    const kept = models.kept(text);
    if (kept) return { said: text, pcm: kept };
    const rendering = models.sentence(text);
    if (recorded === undefined) return { said: text, pcm: await rendering };
    const over = new AbortController();
    const late = clock.sleep(RENDERING_LIMIT, AbortSignal.any([signal, over.signal])).catch(() => undefined);
    const pcm = await Promise.race([rendering.catch(() => undefined), late]);
    over.abort(new Error('rendered'));
    return pcm ? { said: text, pcm } : { said: RECORDED[recorded], pcm: recording(recorded) };
  }
}
