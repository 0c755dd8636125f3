/** What a request for a reply carries, as far as the doubles look at it. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly tools?: readonly { function: { name: string; description?: string; parameters: unknown } }[];
}

export interface ChatMessage {
  readonly role: string;
  readonly content?: unknown;
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly { function: { name: string; arguments: string } }[];
}

/** What the model answers: words, tool calls, or both; or how it fails. */
export type ChatAnswer =
  | { readonly say?: string; readonly call?: readonly { name: string; args: unknown }[] }
  | { readonly fail: Fault; readonly say?: string };

/**
 * How a server fails: an HTTP status; the connection is reset before an answer, or half way through one; no answer; an answer that stops half way
 * and stays open; something else than an answer; an answer with nothing in it; signs of life for ever, and never an answer; an answer that ends half way
 * as if it were whole; a tool call that breaks off; an answer whose parts are no JSON, are compressed sound, or too much of it; one of another shape.
 */
export type Fault =
  | number
  | 'reset'
  | 'reset half way'
  | 'hang'
  | 'hang half way'
  | 'garbage'
  | 'empty'
  | 'idle'
  | 'end half way'
  | 'half call'
  | 'nonsense'
  | 'other shape';

/** 16-bit mono. */
export interface Pcm {
  readonly samples: Buffer;
  readonly rate: number;
}

export interface Models {
  chat(request: ChatRequest): ChatAnswer | Promise<ChatAnswer>;
  /** The text of an utterance. */
  transcribe?(heard: Pcm, model: string): string | { fail: Fault } | Promise<string | { fail: Fault }>;
  /** 24 kHz, 16 bit, mono, little-endian. Without it every character is 60 ms of a 440 Hz tone. */
  speak?(text: string, model: string): Buffer | Promise<Buffer>;
  /** How the speech model fails at this text; undefined where it does not. */
  mute?(text: string, model: string): Fault | undefined;
}
