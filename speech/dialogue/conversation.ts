import type { ChatMessage } from '../chat/request.ts';
import { UNHEARD } from '../ears/bandwidth.ts';
import { words } from './words.ts';

/** Something that happened on the caller's side of the conversation, and that the dialogue answers. */
export type Happening =
  | { readonly kind: 'start' }
  | { readonly kind: 'said'; readonly text: string; readonly words: readonly string[] }
  | { readonly kind: 'unheard' }
  | { readonly kind: 'pressed'; readonly keys: string }
  | { readonly kind: 'result'; readonly tool: string; readonly fields: Readonly<Record<string, unknown>> };

/** A conversation as the dialogue sees it. */
export interface Conversation {
  /** System and developer messages, one text. */
  readonly instructions: string;
  /** What happened between one turn of the agent and the next; the last one is to be answered. Never empty. */
  readonly turns: readonly (readonly Happening[])[];
}

/** The worker's way to tell the model of keys that no tool claimed. */
const PRESSED = /^\s*\[pressed ([0-9A-D*#]+)\]\s*$/i;

/**
 * Reads the messages of a request. Within a turn, words and keys come before results: the model is asked because a tool returned, so
 * what the caller said meanwhile was said before.
 */
export function readConversation(messages: readonly ChatMessage[]): Conversation {
  const instructions: string[] = [];
  const turns: Happening[][] = [[{ kind: 'start' }]];
  const names = new Map<string, string>();
  let last: ChatMessage['role'] | undefined;
  for (const message of messages) {
    const content = textOf(message.content);
    const turn = turns[turns.length - 1] ?? [];
    switch (message.role) {
      case 'system':
      case 'developer':
        instructions.push(content);
        continue;
      case 'assistant':
        for (const call of message.tool_calls ?? []) names.set(call.id, call.function.name);
        // The worker may write one turn of the agent as two messages, words and tool calls apart.
        if (last !== 'assistant') turns.push([]);
        break;
      case 'user':
        turn.push(readUser(content));
        break;
      case 'tool':
        turn.push({
          kind: 'result',
          tool: names.get(message.tool_call_id) ?? '',
          fields: readFields(content),
        });
        break;
      default:
        message satisfies never;
    }
    last = message.role;
  }
  return { instructions: instructions.join('\n'), turns: turns.map(resultsLast) };
}

function readUser(content: string): Happening {
  const keys = PRESSED.exec(content)?.[1];
  if (keys !== undefined) return { kind: 'pressed', keys };
  const text = content.replaceAll(UNHEARD, ' ').trim();
  if (text === '' && content !== '') return { kind: 'unheard' };
  return { kind: 'said', text, words: words(text) };
}

/** A tool's result as fields; what is no JSON object is its `text`. */
function readFields(content: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(content);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Some tools return words.
  }
  return { text: content };
}

function resultsLast(turn: readonly Happening[]): Happening[] {
  const isResult = ({ kind }: Happening) => kind === 'result';
  return [...turn.filter((one) => !isResult(one)), ...turn.filter(isResult)];
}

function textOf(content: ChatMessage['content']): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => (typeof part.text === 'string' ? part.text : '')).join('\n');
}
