import type { Log } from '../../base/log.ts';
import type { Definition } from '../definition/definition.ts';
import type { Voice } from './voice.ts';

/** The first word of a call, where it is the agent's. */
export function greet(
  { greeting }: Pick<Definition, 'greeting'>,
  voice: Voice,
  render: (template: string) => string,
  log: Log,
): void {
  switch (greeting.kind) {
    case 'generated':
      voice.reply({ instructions: render(greeting.instructions) });
      return;
    case 'fixed':
      voice
        .say(render(greeting.text))
        .catch((error: unknown) => log.warn({ pii: { error } }, 'the greeting failed'));
      return;
    case 'none':
      return;
    default:
      greeting satisfies never;
  }
}
