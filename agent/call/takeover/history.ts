import { llm } from '@livekit/agents';
import type { Message } from '../../../threads/entry.ts';
import type { Thread } from '../../../threads/thread.ts';

/** The conversation so far as the model knows it, from the thread's messages. A tool that never came back is told to have been cut off. */
export function conversationOf(history: readonly Message[]): llm.ChatContext {
  const items = history.flatMap((message): llm.ChatItem[] => {
    const createdAt = Date.parse(message.created_at);
    switch (message.role) {
      case 'user':
      case 'system':
        return [llm.ChatMessage.create({ role: message.role, content: message.content, createdAt })];
      case 'assistant': {
        const { content, interrupted = false, tool_calls = [] } = message;
        const said = { role: 'assistant', content, interrupted, createdAt } as const;
        return [
          ...(content === '' ? [] : [llm.ChatMessage.create(said)]),
          ...tool_calls.map(({ id, function: { name, arguments: args } }) =>
            llm.FunctionCall.create({ callId: id, name, args, createdAt }),
          ),
        ];
      }
      case 'tool':
        return [
          llm.FunctionCallOutput.create({
            callId: message.tool_call_id,
            name: message.name,
            output: message.content,
            isError: false,
            createdAt,
          }),
        ];
      default:
        return message satisfies never;
    }
  });
  const conversation = new llm.ChatContext();
  conversation.insert(items);
  return conversation;
}

/** Tool calls that have no result. */
export function unanswered(history: readonly Message[]): { readonly id: string; readonly name: string }[] {
  const answered = new Set(
    history.flatMap((message) => (message.role === 'tool' ? [message.tool_call_id] : [])),
  );
  return history
    .flatMap((message) => (message.role === 'assistant' ? (message.tool_calls ?? []) : []))
    .filter(({ id }) => !answered.has(id))
    .map(({ id, function: { name } }) => ({ id, name }));
}

/** Whether the other side waits for a word of the agent's. */
export function isAgentsTurn(thread: Pick<Thread, 'history'> | undefined): boolean {
  const last = thread?.history.at(-1);
  return (
    last === undefined ||
    last.role === 'user' ||
    last.role === 'tool' ||
    (last.role === 'assistant' && last.tool_calls !== undefined)
  );
}
