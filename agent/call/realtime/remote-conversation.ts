import type { llm } from '@livekit/agents';
import type { ClientEvent } from './events.ts';

/** Something of one side that the server has as sound. */
interface Sound {
  readonly itemId: string;
  text: string;
}

/** Of the agent. Milliseconds. */
interface Spoken extends Sound {
  duration: number;
  /** It was broken off: where nobody heard any of it, it is to be forgotten. What was heard is known a moment later. */
  cut: boolean;
  late: boolean;
}

/**
 * The conversation as one connection's server has it, brought up to ours before each reply. What was said there as sound stays sound where its
 * words are those of ours; whatever differs (cut off, an aside, said by another voice, restored after a reconnection) goes over as text.
 */
export class RemoteConversation {
  /** Ids of items of ours that it has. */
  readonly #known = new Set<string>();
  readonly #calls = new Set<string>();
  #heard: Sound[] = [];
  #spoken: Spoken[] = [];

  /** The caller's utterance was written down. */
  heard(itemId: string, text: string): void {
    this.#heard.push({ itemId, text: plain(text) });
  }

  /** The agent began to speak; what it says is added as it comes. */
  speaks(itemId: string): Spoken {
    const found = this.#spoken.find((one) => one.itemId === itemId);
    if (found) return found;
    const spoken = { itemId, text: '', duration: 0, cut: false, late: false };
    this.#spoken.push(spoken);
    return spoken;
  }

  /** The model called a tool. */
  called(callId: string): void {
    this.#calls.add(callId);
  }

  /** What has to be sent so that it is ours. */
  update(conversation: llm.ChatContext): ClientEvent[] {
    const events = conversation.items
      .filter((item, index) => !this.#known.has(item.id) && !isCharge(item, index))
      .flatMap((item) => {
        this.#known.add(item.id);
        return this.#add(item);
      });
    // Heard, and no part of the conversation: said to nobody, or said in other words.
    const lost = this.#heard.splice(0);
    const unheard = this.#spoken.filter(({ late }) => late);
    this.#spoken = this.#spoken.filter(({ late }) => !late);
    for (const spoken of this.#spoken) spoken.late = spoken.cut;
    return [...[...lost, ...unheard].map(({ itemId }) => deletion(itemId)), ...events];
  }

  #add(item: llm.ChatItem): ClientEvent[] {
    switch (item.type) {
      case 'message': {
        const text = item.textContent ?? '';
        if (text.trim() === '') return [];
        if (item.role === 'user') return this.#hasHeard(text) ? [] : [message('user', 'input_text', text)];
        if (item.role === 'assistant')
          return this.#hasSpoken(text) ?? [message('assistant', 'output_text', text)];
        return [message('system', 'input_text', text)];
      }
      case 'function_call':
        if (this.#calls.has(item.callId)) return [];
        this.#calls.add(item.callId);
        return [
          creation({ type: 'function_call', call_id: item.callId, name: item.name, arguments: item.args }),
        ];
      case 'function_call_output':
        // Of a call that it does not know it would refuse the result.
        if (!this.#calls.has(item.callId)) return [];
        return [creation({ type: 'function_call_output', call_id: item.callId, output: item.output })];
      case 'agent_handoff':
      case 'agent_config_update':
        return [];
      default:
        return item satisfies never;
    }
  }

  /** Whether it has these words as sound: one utterance or several, one behind the other. */
  #hasHeard(words: string): boolean {
    const text = plain(words);
    for (let first = 0; first < this.#heard.length; first++) {
      for (let last = first + 1; last <= this.#heard.length; last++) {
        const said = this.#heard.slice(first, last).map((one) => one.text);
        if (said.join(' ') !== text) continue;
        this.#heard.splice(first, last - first);
        return true;
      }
    }
    return false;
  }

  /** What makes the sound that it has for these words no longer than they are; undefined where it has none. */
  #hasSpoken(words: string): ClientEvent[] | undefined {
    const text = plain(words);
    const at = this.#spoken.findIndex((one) => plain(one.text).startsWith(text));
    const [spoken] = at < 0 ? [] : this.#spoken.splice(at, 1);
    if (!spoken) return undefined;
    const whole = plain(spoken.text);
    if (whole === text) return [];
    const heard = Math.floor((spoken.duration * text.length) / whole.length);
    if (heard < 1) return [deletion(spoken.itemId), message('assistant', 'output_text', words)];
    return [
      {
        type: 'conversation.item.truncate',
        item_id: spoken.itemId,
        content_index: 0,
        audio_end_ms: heard,
      },
    ];
  }
}

/** Where the framework has the instructions, which go another way. */
export function isCharge(item: llm.ChatItem, index: number): boolean {
  return index === 0 && item.type === 'message' && (item.role === 'system' || item.role === 'developer');
}

export function deletion(itemId: string): ClientEvent {
  return { type: 'conversation.item.delete', item_id: itemId };
}

const plain = (text: string) => text.replace(/\s+/g, ' ').trim();

function message(role: 'user' | 'assistant' | 'system', type: string, text: string): ClientEvent {
  return creation({ type: 'message', role, content: [{ type, text }] });
}

function creation(item: Record<string, unknown>): ClientEvent {
  return { type: 'conversation.item.create', item };
}
