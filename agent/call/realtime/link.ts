import { llm } from '@livekit/agents';
import { unlessAborted } from '../../../base/unless-aborted.ts';
import type { RealtimeSettings } from '../../definition/realtime.ts';
import { Failure } from '../trouble/attempts.ts';
import { REALTIME_RATE, type ServerEvent } from './events.ts';
import { deletion, isCharge, RemoteConversation } from './remote-conversation.ts';
import { type ReplySink, RunningReply } from './running-reply.ts';
import { type RealtimeServer, RealtimeSocket } from './socket.ts';

/** Bytes of sound that one message carries: a second. */
const PIECE = REALTIME_RATE * 2;
/** Bytes of sound that a server takes as an utterance at least: a tenth of a second. */
const SHORTEST = (REALTIME_RATE * 2) / 10;

interface Connection {
  readonly socket: RealtimeSocket;
  readonly conversation: RemoteConversation;
  /** Instructions and tools that the server has. */
  told: string;
  /** Resolves when the reply that was asked for last is over: a server makes one at a time. */
  replied: Promise<void>;
  /** Asks for an end of that reply. */
  cancel: () => void;
}

/**
 * A realtime model's server in one call. It connects when it is needed; where the connection is lost the next question opens another one, which gets
 * the conversation as text. The sound of an utterance goes over when it is complete, and the model is asked when we say so: our own ears tell whose
 * turn it is, so keys, tools and supervisors hold as they do with any other model.
 */
export class RealtimeLink {
  readonly #server: RealtimeServer;
  readonly #settings: RealtimeSettings;
  readonly #language: string;
  readonly #speaks: boolean;
  #connection: Promise<Connection> | undefined;
  #closed = false;

  /** @param options.speaks false for a model that is to write. */
  constructor(
    server: RealtimeServer,
    settings: RealtimeSettings,
    options: { language: string; speaks: boolean },
  ) {
    this.#server = server;
    this.#settings = settings;
    this.#language = options.language;
    this.#speaks = options.speaks;
  }

  /** Connects before it is needed; what fails is told when it is. */
  async open(signal: AbortSignal): Promise<void> {
    await this.#connected(signal).catch(() => undefined);
  }

  close(): void {
    this.#closed = true;
    void this.#connection?.then(({ socket }) => socket.close()).catch(() => undefined);
  }

  /**
   * What the caller said, written down.
   *
   * @throws Failure; the signal's reason
   */
  async hear(samples: Uint8Array, signal: AbortSignal): Promise<string> {
    const { socket, conversation } = await this.#connected(signal);
    const sound = Buffer.concat([samples, Buffer.alloc(Math.max(0, SHORTEST - samples.length))]);
    let itemId: string | undefined;
    const heard = waitFor<string>(socket, signal, (event, done, fail) => {
      // Servers answer commits in their order, and utterances come one by one.
      if (event.type === 'input_audio_buffer.committed') itemId ??= event.item_id;
      if (event.type === 'conversation.item.input_audio_transcription.completed' && event.item_id === itemId)
        done(event.transcript);
      if (event.type === 'conversation.item.input_audio_transcription.failed' && event.item_id === itemId)
        fail(new Failure('garbage'));
      if (event.type === 'error' && itemId === undefined && event.error.event_id === COMMIT)
        fail(new Failure('refused'));
    });
    for (let at = 0; at < sound.length; at += PIECE)
      socket.send({
        type: 'input_audio_buffer.append',
        audio: sound.subarray(at, at + PIECE).toString('base64'),
      });
    socket.send({ type: 'input_audio_buffer.commit', event_id: COMMIT });
    try {
      const text = (await heard).trim();
      if (itemId !== undefined) conversation.heard(itemId, text);
      return text;
    } catch (error) {
      // What nobody understood is no part of the conversation.
      if (itemId !== undefined) socket.send(deletion(itemId));
      throw error;
    }
  }

  /**
   * The model's next word in the conversation.
   *
   * @throws Failure; the signal's reason
   */
  async reply(
    { chatCtx, toolCtx }: { chatCtx: llm.ChatContext; toolCtx?: llm.ToolContext | undefined },
    sink: ReplySink,
    signal: AbortSignal,
  ): Promise<void> {
    const connection = await this.#connected(signal);
    const { socket, conversation } = connection;
    connection.cancel();
    await replacing(socket, unlessAborted(connection.replied, signal));
    this.#tell(connection, chargeOf(chatCtx), toolsOf(toolCtx));
    for (const event of conversation.update(chatCtx)) socket.send(event);
    const reply = new RunningReply(conversation, sink);
    let over: () => void = () => undefined;
    connection.replied = new Promise((resolve) => (over = resolve));
    socket.closed.addEventListener('abort', over, { once: true });
    connection.cancel = () => socket.send({ type: 'response.cancel' });
    const done = waitFor<true>(socket, socket.closed, (event, resolve, fail) => {
      if (event.type === 'error' && event.error.event_id === CREATE) fail(new Failure('refused'));
      const end = reply.take(event);
      if (end instanceof Failure) fail(end);
      else if (end) resolve(true);
    }).finally(() => {
      connection.cancel = () => undefined;
      over();
    });
    socket.send({ type: 'response.create', event_id: CREATE });
    try {
      await replacing(socket, unlessAborted(done, signal));
    } catch (error) {
      reply.cut();
      connection.cancel();
      throw error;
    }
  }

  /** Instructions and tools, where they are others than before. */
  #tell(connection: Connection, instructions: string, tools: unknown[]): void {
    const told = JSON.stringify([instructions, tools]);
    if (connection.told === told) return;
    connection.told = told;
    const { tool_choice } = this.#settings.parameters;
    connection.socket.send({
      type: 'session.update',
      session: {
        type: 'realtime',
        instructions,
        tools,
        tool_choice: tools.length > 0 ? (tool_choice ?? 'auto') : 'auto',
      },
    });
  }

  /** The one that is up, or another one. */
  async #connected(signal: AbortSignal): Promise<Connection> {
    for (;;) {
      if (this.#closed) throw new Failure('cut_off');
      const current = this.#connection;
      const up = await unlessAborted(
        Promise.resolve(current).catch(() => undefined),
        signal,
      );
      // Somebody else has connected meanwhile.
      if (this.#connection !== current) continue;
      if (up && !up.socket.closed.aborted) return up;
      const mine = this.#connect(signal);
      this.#connection = mine;
      const connection = await mine;
      // The call may be over by now.
      if (this.#isClosed()) connection.socket.close();
      return connection;
    }
  }

  #isClosed(): boolean {
    return this.#closed;
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    const socket = await RealtimeSocket.open(this.#server, signal);
    const { voice, speed, transcription, parameters } = this.#settings;
    const { max_output_tokens, noise_reduction, transcription_prompt } = parameters;
    const format = { type: 'audio/pcm', rate: REALTIME_RATE };
    socket.send({
      type: 'session.update',
      session: {
        type: 'realtime',
        model: this.#server.name,
        output_modalities: [this.#speaks ? 'audio' : 'text'],
        audio: {
          input: {
            format,
            transcription: {
              model: transcription,
              language: this.#language.split('-')[0],
              ...(transcription_prompt !== undefined && { prompt: transcription_prompt }),
            },
            ...(noise_reduction && { noise_reduction: { type: noise_reduction } }),
            turn_detection: null,
          },
          output: { format, voice, ...(speed !== undefined && { speed }) },
        },
        ...(max_output_tokens !== undefined && { max_output_tokens }),
      },
    });
    return {
      socket,
      conversation: new RemoteConversation(),
      told: '',
      replied: Promise.resolve(),
      cancel: () => undefined,
    };
  }
}

const COMMIT = 'utterance';
const CREATE = 'reply';
/** A server that has fallen silent is not asked again on the same connection. */
async function replacing<T>(socket: RealtimeSocket, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Failure && (error.reason === 'timeout' || error.reason === 'stalled'))
      socket.close();
    throw error;
  }
}

/** What the events come to; the signal's reason, or the connection's, where it aborts first. */
async function waitFor<T>(
  socket: RealtimeSocket,
  signal: AbortSignal,
  take: (event: ServerEvent, done: (value: T) => void, fail: (reason: Error) => void) => void,
): Promise<T> {
  let stop: () => void = () => undefined;
  const found = new Promise<T>((resolve, reject) => {
    stop = socket.on((event) => take(event, resolve, reject));
  });
  try {
    return await unlessAborted(found, AbortSignal.any([signal, socket.closed]));
  } finally {
    stop();
  }
}

function chargeOf(conversation: llm.ChatContext): string {
  const [first] = conversation.items;
  return first?.type === 'message' && isCharge(first, 0) ? (first.textContent ?? '') : '';
}

function toolsOf(toolCtx: llm.ToolContext | undefined): unknown[] {
  return Object.entries(toolCtx?.functionTools ?? {}).map(([name, tool]) => ({
    type: 'function',
    name,
    description: tool.description,
    parameters: llm.toJsonSchema(tool.parameters),
  }));
}
