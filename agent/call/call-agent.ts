import { llm, stt, voice } from '@livekit/agents';
import { TransformStream } from 'node:stream/web';
import type { Digits } from './digits.ts';
import type { Transcript } from './transcript.ts';

/** What the caller says while digits are collected: on the thread, known to the model, but no turn that it answers. */
export class Asides {
  readonly #transcript: Transcript;
  readonly #digits: Digits;
  readonly #said: llm.ChatMessage[] = [];

  constructor(transcript: Transcript, digits: Digits) {
    this.#transcript = transcript;
    this.#digits = digits;
  }

  /** Takes an utterance that is an aside; false where it is none. */
  take(text: string): boolean {
    if (!this.#digits.collecting) return false;
    if (text.trim() === '') return true;
    this.#transcript.user(text);
    this.#said.push(llm.ChatMessage.create({ role: 'user', content: text }));
    this.#digits.heard();
    return true;
  }

  /** Adds what the conversation lacks. */
  tell(conversation: llm.ChatContext): void {
    const known = new Set(conversation.items.map((item) => item.id));
    conversation.insert(this.#said.filter((aside) => !known.has(aside.id)));
  }
}

/** The framework's Agent, knowing the asides and keeping quiet once the call ends. */
export class CallAgent extends voice.Agent {
  readonly #asides: Asides;
  readonly #isOver: () => boolean;

  constructor(options: {
    instructions: string;
    tools: llm.ToolContextEntry[];
    asides: Asides;
    isOver: () => boolean;
  }) {
    super({ instructions: options.instructions, tools: options.tools });
    this.#asides = options.asides;
    this.#isOver = options.isOver;
  }

  /** Asides are taken out of what the framework hears: a turn of them would cut off the agent's reply to the digits. */
  override async sttNode(...args: Parameters<voice.Agent['sttNode']>) {
    const heard = await super.sttNode(...args);
    if (!heard) return heard;
    return heard.pipeThrough(
      new TransformStream<stt.SpeechEvent | string, stt.SpeechEvent | string>({
        transform: (event, rest) => {
          if (!this.#isAside(event)) rest.enqueue(event);
        },
      }),
    );
  }

  override async llmNode(...[chatCtx, toolCtx, modelSettings]: Parameters<voice.Agent['llmNode']>) {
    this.#asides.tell(chatCtx);
    return super.llmNode(chatCtx, toolCtx, modelSettings);
  }

  override onUserTurnCompleted(): Promise<void> {
    return this.#isOver() ? Promise.reject(new voice.StopResponse()) : Promise.resolve();
  }

  #isAside(event: stt.SpeechEvent | string): boolean {
    if (typeof event === 'string' || event.type !== stt.SpeechEventType.FINAL_TRANSCRIPT) return false;
    return this.#asides.take(event.alternatives?.[0].text ?? '');
  }
}
