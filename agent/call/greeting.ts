import type { Log } from '../../base/log.ts';
import type { Definition } from '../definition/definition.ts';
import type { Models } from './models.ts';
import type { Sound } from './rendering.ts';
import type { Voice } from './voice.ts';

/** The first words of a call, where they are the agent's. A fixed text begins to be rendered at once, before there is anybody to hear it. */
export class Greeting {
  /** What it is. */
  readonly of: Definition['greeting'];
  readonly #render: (template: string) => string;
  readonly #fixed: { readonly text: string; readonly sound: Sound } | undefined;

  constructor(
    greeting: Definition['greeting'],
    models: Pick<Models, 'sound'>,
    render: (template: string) => string,
  ) {
    this.of = greeting;
    this.#render = render;
    if (greeting.kind !== 'fixed') return;
    const text = render(greeting.text);
    this.#fixed = { text, sound: models.sound(text) };
  }

  /** Says it. Resolves when a fixed one was heard, or broken off. */
  async say(voice: Voice, log: Log): Promise<void> {
    if (this.of.kind === 'generated') voice.reply({ instructions: this.#render(this.of.instructions) });
    if (!this.#fixed) return;
    const { text, sound } = this.#fixed;
    // Where the voice has failed the call is in trouble already, and what is said of that comes instead.
    if (!(await sound.begins)) return;
    await voice
      .say(text, { sound })
      .catch((error: unknown) => log.warn({ pii: { error } }, 'the greeting failed'));
  }
}
