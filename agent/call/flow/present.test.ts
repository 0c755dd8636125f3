import { llm } from '@livekit/agents';
import { expect, it } from 'vitest';
import { instruct, type Asked } from './present.ts';

const GIVEN = 'You help. First step.';
const NOW = { instructions: 'You help. Second step.', step: 2 };

function told(system: string, options: { asked?: Asked; opening?: string } = {}): (string | undefined)[] {
  const conversation = new llm.ChatContext();
  conversation.addMessage({ role: 'system', content: system });
  conversation.addMessage({ role: 'user', content: GIVEN });
  instruct(conversation, GIVEN, NOW, options);
  return conversation.items.map((item) => (item.type === 'message' ? item.textContent : undefined));
}

it.each<[what: string, system: string, options: { asked?: Asked; opening?: string }, now: string]>([
  ['the instructions of the beginning become the present ones', GIVEN, {}, NOW.instructions],
  [
    'what was said for this reply stays',
    `${GIVEN}\nAsk again.`,
    { asked: { instructions: 'Ask again.', step: 2 } },
    `${NOW.instructions}\nAsk again.`,
  ],
  [
    'but not where it was for another step',
    `${GIVEN}\nGreet them.`,
    { asked: { instructions: 'Greet them.', step: 1 } },
    NOW.instructions,
  ],
  [
    'a step opens with its own',
    `${GIVEN}\nGreet them.`,
    { asked: { instructions: 'Greet them.', step: 1 }, opening: 'Ask how they are.' },
    `${NOW.instructions}\nAsk how they are.`,
  ],
])('%s', (_, system, options, now) => expect(told(system, options)).toEqual([now, GIVEN]));
