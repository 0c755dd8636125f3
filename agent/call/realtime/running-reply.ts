import { Failure } from '../trouble/attempts.ts';
import { REALTIME_RATE, type ServerEvent } from './events.ts';
import type { RemoteConversation } from './remote-conversation.ts';

/** Characters, and samples' bytes, of one reply: nothing that an agent says takes five minutes. */
const MOST_WORDS = 32_000;
const MOST_SOUND = 300 * REALTIME_RATE * 2;

/** What becomes of a reply. */
export interface ReplySink {
  /** Words that come with a sound, or without one. */
  words(text: string, withSound: boolean): void;
  /** Samples, of that item of the server's. */
  sound(samples: Uint8Array): void;
  call(call: { callId: string; name: string; args: string }): void;
  used(usage: { input: number; cached: number; output: number }): void;
  signOfLife(): void;
}

/** One reply of the model's, as its events come. */
export class RunningReply {
  readonly #conversation: RemoteConversation;
  readonly #sink: ReplySink;
  #id: string | undefined;
  #itemId = '';
  #words = 0;
  #sound = 0;
  #isCut = false;

  constructor(conversation: RemoteConversation, sink: ReplySink) {
    this.#conversation = conversation;
    this.#sink = sink;
  }

  /** It is broken off: nothing of it counts but what was heard. */
  cut(): void {
    this.#isCut = true;
    if (this.#itemId !== '') this.#conversation.speaks(this.#itemId).cut = true;
  }

  /** True when it is complete, a Failure when it will not be. */
  take(event: ServerEvent): boolean | Failure {
    const sink = this.#isCut ? NOBODY : this.#sink;
    switch (event.type) {
      case 'response.created':
        this.#id ??= event.response.id;
        return false;
      case 'response.output_audio_transcript.delta':
      case 'response.output_text.delta': {
        if (!this.#isMine(event.response_id)) return false;
        this.#words += event.delta.length;
        if (this.#words > MOST_WORDS) return new Failure('garbage');
        const withSound = event.type === 'response.output_audio_transcript.delta';
        sink.signOfLife();
        if (withSound) this.#item(event.item_id).text += event.delta;
        sink.words(event.delta, withSound);
        return false;
      }
      case 'response.output_audio.delta': {
        if (!this.#isMine(event.response_id)) return false;
        const samples = Buffer.from(event.delta, 'base64');
        this.#sound += samples.length;
        if (this.#sound > MOST_SOUND) return new Failure('garbage');
        sink.signOfLife();
        this.#item(event.item_id).duration += (samples.length / 2 / REALTIME_RATE) * 1_000;
        sink.sound(samples);
        return false;
      }
      case 'response.function_call_arguments.delta':
        if (this.#isMine(event.response_id)) sink.signOfLife();
        return false;
      case 'response.output_item.done': {
        const { type, call_id, name, arguments: args } = event.item;
        if (!this.#isMine(event.response_id) || type !== 'function_call') return false;
        if (call_id === undefined || name === undefined) return new Failure('garbage');
        sink.signOfLife();
        this.#conversation.called(call_id);
        sink.call({ callId: call_id, name, args: args ?? '{}' });
        return false;
      }
      case 'response.done':
        return this.#isMine(event.response.id) && this.#end(event.response);
      case 'input_audio_buffer.committed':
      case 'conversation.item.input_audio_transcription.completed':
      case 'conversation.item.input_audio_transcription.failed':
      case 'error':
        return false;
      default:
        return event satisfies never;
    }
  }

  #end({
    status,
    status_details,
    usage,
  }: Extract<ServerEvent, { type: 'response.done' }>['response']): boolean | Failure {
    if (usage)
      this.#sink.used({
        input: usage.input_tokens,
        cached: usage.input_token_details?.cached_tokens ?? 0,
        output: usage.output_tokens,
      });
    if (status === 'failed')
      return new Failure(
        /rate_limit|quota/.test(status_details?.error?.code ?? '') ? 'http_429' : 'http_500',
      );
    return status === 'cancelled' ? new Failure('cut_off') : true;
  }

  #item(itemId = '') {
    this.#itemId = itemId;
    return this.#conversation.speaks(itemId);
  }

  /** What is left of a reply that was broken off is not of this one. */
  #isMine(id: string | undefined): boolean {
    return this.#id !== undefined && (id === undefined || id === this.#id);
  }
}

const NOBODY: ReplySink = {
  words: () => undefined,
  sound: () => undefined,
  call: () => undefined,
  used: () => undefined,
  signOfLife: () => undefined,
};
