import type { ChatMessage } from './models.ts';

/** An item of a realtime server's conversation. */
export interface Item {
  id: string;
  type: string;
  role?: string;
  text: string;
  /** Milliseconds of sound that the server has for it; undefined where it came as text. */
  sound?: number;
  call_id?: string;
  name?: string;
  arguments?: string;
}

/** What it is in a chat request. */
export function messageOf(item: Item): ChatMessage {
  if (item.type === 'function_call') {
    const { name = '', arguments: args = '' } = item;
    return { role: 'assistant', tool_calls: [{ function: { name, arguments: args } }] };
  }
  if (item.type === 'function_call_output')
    return { role: 'tool', tool_call_id: item.call_id ?? '', content: item.text };
  return { role: item.role ?? '', content: item.text };
}

/** A reply that is being made. */
export class Response {
  readonly id: string;
  #over = false;

  constructor(id: string) {
    this.id = id;
  }

  isOver(): boolean {
    return this.#over;
  }

  end(): void {
    this.#over = true;
  }
}
