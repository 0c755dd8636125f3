import type { Log } from '../../base/log.ts';
import type { Definition } from '../definition/definition.ts';
import type { Voice } from './voice.ts';

/** The first word of a call, where it is the agent's. Resolves when a fixed one was heard, or broken off. */
export function greet(
  { greeting }: Pick<Definition, 'greeting'>,
  voice: Voice,
  render: (template: string) => string,
  log: Log,
): Promise<void> {
  switch (greeting.kind) {
    case 'generated':
      voice.reply({ instructions: render(greeting.instructions) });
      return Promise.resolve();
    case 'fixed':
      return voice
        .say(render(greeting.text))
        .catch((error: unknown) => log.warn({ pii: { error } }, 'the greeting failed'));
    case 'none':
      return Promise.resolve();
    default:
      return greeting satisfies never;
  }
}
