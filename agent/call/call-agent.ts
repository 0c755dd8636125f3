import { llm, type stt, voice } from '@livekit/agents';
import { TransformStream, WritableStream } from 'node:stream/web';
import { type Asked, instruct, type Present } from './flow/present.ts';
import type { Digits } from './digits.ts';
import type { Discretion } from './discretion.ts';
import type { Models } from './models.ts';
import { withoutMarks } from './realtime/utterances.ts';
import type { Transcript } from './transcript.ts';
import { understood } from './understood.ts';

/** What is said while digits are collected: on the thread, known to the model, but no turn that it answers. */
export class Asides {
  readonly #transcript: Transcript;
  readonly #digits: Digits;
  readonly #discretion: Discretion;
  readonly #said: llm.ChatMessage[] = [];

  constructor(parts: { transcript: Transcript; digits: Digits; discretion: Discretion }) {
    this.#transcript = parts.transcript;
    this.#digits = parts.digits;
    this.#discretion = parts.discretion;
  }

  /** Takes an utterance that is an aside; else gives what the conversation may know of it. */
  take(text: string): string | undefined {
    const { collecting } = this.#digits;
    const { recorded, told } = this.#discretion.heard(text, { collecting });
    if (!collecting) return told;
    if (text.trim() === '') return undefined;
    this.#transcript.user(recorded);
    this.#said.push(llm.ChatMessage.create({ role: 'user', content: told }));
    this.#digits.heard(text);
    return undefined;
  }

  /** The agent's own words, where they are no part of the conversation as they were spoken. */
  spoke(recorded: string, interrupted: boolean, supervised: { by?: string; told?: string } = {}): void {
    const { by, told = recorded } = supervised;
    this.#transcript.assistant(recorded, interrupted, by);
    if (told.trim() !== '')
      this.#said.push(llm.ChatMessage.create({ role: 'assistant', content: told, interrupted }));
  }

  /** What the model is told behind the caller's back. */
  tell(told: string, { recorded, supervisor }: { recorded: string; supervisor?: string }): void {
    this.#transcript.told(recorded, supervisor);
    this.#said.push(llm.ChatMessage.create({ role: 'system', content: told }));
  }

  /** Adds what the conversation lacks. */
  complete(conversation: llm.ChatContext): void {
    const known = new Set(conversation.items.map((item) => item.id));
    conversation.insert(this.#said.filter((aside) => !known.has(aside.id)));
  }
}

/** What the model is asked by: it may be another each time. */
export interface Brief {
  present(): Present;
  /** What the model is told besides, this once. */
  takeOpening(): string | undefined;
}

type Words = string | voice.TimedString;

/** The framework's Agent, knowing the asides and the step that the call is in, and keeping quiet once the call ends. */
export class CallAgent extends voice.Agent {
  readonly #brief: Brief;
  /** The instructions that it began with. */
  readonly #given: string;
  #asked: Asked | undefined;
  readonly #asides: Asides;
  readonly #isOver: () => boolean;
  readonly #keepsSilent: () => boolean;
  readonly #models: Pick<Models, 'stt' | 'vad' | 'utterances'>;

  constructor(options: {
    brief: Brief;
    /** What was said on this call already. */
    before?: llm.ChatContext | undefined;
    asides: Asides;
    isOver: () => boolean;
    /** The model is not asked for now. */
    keepsSilent: () => boolean;
    models: Pick<Models, 'stt' | 'vad' | 'utterances'>;
  }) {
    const { instructions, tools } = options.brief.present();
    const { before } = options;
    super({ instructions, tools, ...(before && { chatCtx: before }) });
    this.#brief = options.brief;
    this.#given = instructions;
    this.#asides = options.asides;
    this.#isOver = options.isOver;
    this.#keepsSilent = options.keepsSilent;
    this.#models = options.models;
  }

  /** Asides are taken out of what the framework hears: a turn of them would cut off the agent's reply to the digits. */
  override sttNode(...[audio]: Parameters<voice.Agent['sttNode']>) {
    const { stt: hearing, vad } = this.#models;
    return Promise.resolve(understood(audio, vad, hearing, (event) => this.#withoutAside(event)));
  }

  override async llmNode(...[chatCtx, toolCtx, modelSettings]: Parameters<voice.Agent['llmNode']>) {
    if (this.#isOver() || this.#keepsSilent()) return null;
    const now = this.#brief.present();
    instruct(chatCtx, this.#given, now, { asked: this.#asked, opening: this.#brief.takeOpening() });
    // In place: what the model calls is looked up there, too.
    toolCtx.updateTools(now.tools);
    this.#asides.complete(chatCtx);
    return super.llmNode(chatCtx, toolCtx, modelSettings);
  }

  /** What the model has spoken itself is played as it is; anything else is said by the voice. */
  override async ttsNode(...[text, modelSettings]: Parameters<voice.Agent['ttsNode']>) {
    if (!this.#models.utterances) return super.ttsNode(text, modelSettings);
    const { utterance, words } = await this.#models.utterances.of(text);
    if (!utterance || !(await utterance.spoken)) return super.ttsNode(words, modelSettings);
    words.pipeTo(new WritableStream()).catch(() => undefined);
    return utterance.sound;
  }

  override async transcriptionNode(...[text, modelSettings]: Parameters<voice.Agent['transcriptionNode']>) {
    const words = await super.transcriptionNode(text, modelSettings);
    if (!this.#models.utterances || !words) return words;
    return words.pipeThrough(
      new TransformStream<Words, Words>({
        transform: (piece, rest) => {
          if (typeof piece === 'string') rest.enqueue(withoutMarks(piece));
          else rest.enqueue({ ...piece, text: withoutMarks(piece.text) });
        },
      }),
    );
  }

  /** The model is about to be told this, for one reply. */
  told(instructions: string): void {
    this.#asked = { instructions, step: this.#brief.present().step };
  }

  /** The conversation so far, with the present instructions and without tools: a copy. */
  conversation(): llm.ChatContext {
    const conversation = this.chatCtx.copy({ excludeFunctionCall: true });
    instruct(conversation, this.#given, this.#brief.present());
    this.#asides.complete(conversation);
    return conversation;
  }

  override onUserTurnCompleted(): Promise<void> {
    return this.#isOver() ? Promise.reject(new voice.StopResponse()) : Promise.resolve();
  }

  #withoutAside(event: stt.SpeechEvent): stt.SpeechEvent | undefined {
    const [best] = event.alternatives ?? [];
    if (!best) return event;
    const text = this.#asides.take(best.text);
    if (text === undefined) return undefined;
    return text === best.text ? event : { ...event, alternatives: [{ ...best, text }] };
  }
}
