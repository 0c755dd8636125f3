import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { ChatMessage, Tool } from '../chat/request.ts';
import { UNHEARD } from '../ears/bandwidth.ts';
import { answer } from './answer.ts';
import { chooseDialogue } from './choose.ts';
import { readConversation } from './conversation.ts';
import { loadDialogues } from './load.ts';
import type { Dialogue } from './schema.ts';

const tools: Tool[] = [
  { name: 'send_dtmf', parameters: {} },
  { name: 'end_dialog', parameters: {} },
];
let dialogues: Dialogue[];
beforeAll(async () => {
  dialogues = await loadDialogues([join(import.meta.dirname, '..', 'dialogues')]);
});

/** What the navigator does with each turn of a machine. */
function navigate(ask: string, ...turns: string[]): string[] {
  const instructions =
    'You are on the telephone with a machine that reads out menus and takes keys (an IVR).';
  const messages: ChatMessage[] = [{ role: 'system', content: `${instructions}\n"""\n${ask}\n"""` }];
  return turns.map((content, i) => {
    messages.push({ role: 'user', content });
    const conversation = readConversation(messages);
    const dialogue = chooseDialogue(dialogues, 'gpt-4.1-mini', conversation.instructions);
    if (!dialogue) throw new Error('no dialogue');
    const { say, calls } = answer(dialogue, conversation, tools);
    const id = `call_${i}`;
    const tool_calls = calls.map(({ name, arguments: args }) => ({
      id,
      function: { name, arguments: args },
    }));
    messages.push({ role: 'assistant', content: say, tool_calls });
    // With `then: listen` the model is told nothing of the keys.
    messages.push({ role: 'tool', tool_call_id: id, content: '' });
    return [say, ...calls.map(({ name, arguments: args }) => `${name} ${args}`)].join('').trim();
  });
}

it('presses its way through and reports what it heard, without a word', () => {
  expect(
    navigate(
      'When does order 4417 ship?',
      'for account status press one for orders press two',
      'please enter your order number and press pound',
      '',
      'your order ships on monday',
    ),
  ).toEqual([
    'send_dtmf {"digits":"2"}',
    'send_dtmf {"digits":"4417#"}',
    'send_dtmf {"digits":"w"}',
    'end_dialog {"found":true,"answer":"They said: your order ships on monday.","keys":"24417#"}',
  ]);
});

it('makes no number up', () => {
  const [, last] = navigate(
    'When does my order ship?',
    'for orders press two',
    'please enter your order number',
  );
  expect(last).toMatch(/^end_dialog \{"found":false/);
});

it('gives up on what it does not understand', () => {
  const did = navigate('When does order 4417 ship?', 'hm', UNHEARD, 'hm', 'hm', 'hm');
  expect(did.slice(0, 4)).toEqual(Array(4).fill('send_dtmf {"digits":"w"}'));
  expect(did[4]).toMatch(/^end_dialog \{"found":false/);
});
