import { expect, it } from 'vitest';
import type { Message } from '../../../threads/entry.ts';
import { conversationOf, isAgentsTurn, unanswered } from './history.ts';

const created_at = '2026-01-01T00:00:00.000Z';
const agent: Message = { role: 'assistant', content: 'Your number, please.', created_at };
const called: Message = {
  role: 'assistant',
  content: '',
  tool_calls: [
    { id: 'call_1', type: 'function', function: { name: 'receive_dtmf', arguments: '{"digits":9}' } },
  ],
  created_at,
};
const returned: Message = {
  role: 'tool',
  tool_call_id: 'call_1',
  name: 'receive_dtmf',
  content: '{"digits":"1"}',
  created_at,
};
const caller: Message = { role: 'user', content: 'It is 1.', created_at };

it('is the conversation as the model had it', () => {
  const { items } = conversationOf([agent, called, returned, caller]);
  expect(items).toMatchObject([
    { type: 'message', role: 'assistant', content: ['Your number, please.'] },
    { type: 'function_call', callId: 'call_1', name: 'receive_dtmf', args: '{"digits":9}' },
    { type: 'function_call_output', callId: 'call_1', output: '{"digits":"1"}' },
    { type: 'message', role: 'user', content: ['It is 1.'] },
  ]);
});

it('knows the tools that never came back', () => {
  expect(unanswered([agent, called])).toEqual([{ id: 'call_1', name: 'receive_dtmf' }]);
  expect(unanswered([agent, called, returned])).toEqual([]);
});

it.for([
  ['nothing was said', [], true],
  ['the agent spoke last', [agent], false],
  ['the caller spoke last', [agent, caller], true],
  ['a tool was called', [agent, called], true],
  ['a tool came back', [called, returned], true],
] as const)('says whose turn it is: %s', ([, history, is]) => {
  expect(isAgentsTurn({ history })).toBe(is);
});
