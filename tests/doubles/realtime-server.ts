import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ChatAnswer, Fault, Models } from './models.ts';
import { type Item, messageOf, Response } from './realtime-item.ts';
import { tone } from './tone.ts';

/** What everything sounds like that a realtime model says itself. */
export const REALTIME_HERTZ = 600;
/** Whoever asks for this model is refused. */
export const REFUSED = 'refused';
const RATE = 24_000;
const MS_A_CHARACTER = 60;
/** Sound is sent in pieces of this many milliseconds, so much apart: faster than it is played. */
const PIECE = 100;
const APART = 20;
const SHORTEST = (RATE * 2) / 10;
const IDLE_EVERY = 500;
const USAGE = {
  input_tokens: 1_000,
  output_tokens: 50,
  total_tokens: 1_050,
  input_token_details: { cached_tokens: 100 },
};

interface Tool {
  name: string;
  description: string;
  parameters: unknown;
}

type Event = Record<string, unknown> & { type: string };

/** What realtime connections of a server did. */
export interface RealtimeLog {
  /** Authorization of each connection. */
  readonly connections: string[];
  /** What was wrong in what a client sent. */
  readonly errors: string[];
  /** Events that came, but for sound. */
  readonly events: Event[];
  /** Ends every connection, as a server that goes away. */
  dropAll(): void;
}

/**
 * OpenAI's realtime protocol in front of a model that the test scripts, on `GET /v1/realtime`: the conversation as the client has built it becomes a
 * chat request, and the answer becomes sound with its transcript. Strict: what the real server refuses is refused, and noted.
 */
export function serveRealtime(server: Server, models: Models): RealtimeLog {
  const sockets = new WebSocketServer({ noServer: true });
  const log = {
    connections: [] as string[],
    errors: [] as string[],
    events: [] as Event[],
    dropAll: () => sockets.clients.forEach((socket) => socket.terminate()),
  };
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const model = url.searchParams.get('model') ?? '';
    if (url.pathname !== '/v1/realtime' || model === REFUSED) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      return;
    }
    log.connections.push(request.headers.authorization ?? '');
    sockets.handleUpgrade(request, socket, head, (open) => new Session(open, model, models, log).listen());
  });
  return log;
}

class Session {
  readonly #socket: WebSocket;
  readonly #model: string;
  readonly #models: Models;
  readonly #log: RealtimeLog;
  readonly #items: Item[] = [];
  #instructions = '';
  #writes = false;
  #tools: Tool[] = [];
  #sound: Buffer[] = [];
  #count = 0;
  #response: Response | undefined;

  constructor(socket: WebSocket, model: string, models: Models, log: RealtimeLog) {
    this.#socket = socket;
    this.#model = model;
    this.#models = models;
    this.#log = log;
  }

  listen(): void {
    this.#send({ type: 'session.created', session: { type: 'realtime' } });
    this.#socket.on('error', () => undefined);
    this.#socket.on('message', (message: Buffer) => {
      const event = JSON.parse(message.toString()) as Event;
      if (event.type !== 'input_audio_buffer.append') this.#log.events.push(event);
      this.#take(event).catch((error: unknown) => this.#refuse(event, String(error)));
    });
  }

  async #take(event: Event): Promise<void> {
    switch (event.type) {
      case 'session.update': {
        const session = event['session'] as {
          instructions?: string;
          tools?: Tool[];
          output_modalities?: string[];
        };
        this.#writes = session.output_modalities?.includes('text') ?? this.#writes;
        this.#instructions = session.instructions ?? this.#instructions;
        this.#tools = session.tools ?? this.#tools;
        this.#send({ type: 'session.updated', session });
        return;
      }
      case 'input_audio_buffer.append':
        this.#sound.push(Buffer.from(event['audio'] as string, 'base64'));
        return;
      case 'input_audio_buffer.commit':
        return this.#commit(event);
      case 'conversation.item.create':
        this.#create(event);
        return;
      case 'conversation.item.delete': {
        const at = this.#items.findIndex(({ id }) => id === event['item_id']);
        if (at < 0) this.#refuse(event, 'no such item');
        else this.#items.splice(at, 1);
        return;
      }
      case 'conversation.item.truncate': {
        const item = this.#items.find(({ id }) => id === event['item_id']);
        const ms = event['audio_end_ms'] as number;
        if (item?.sound === undefined || item.role !== 'assistant' || ms > item.sound) {
          this.#refuse(event, 'nothing to truncate');
          return;
        }
        item.text = item.text.slice(0, Math.round((item.text.length * ms) / item.sound));
        item.sound = ms;
        return;
      }
      case 'response.create':
        return this.#respond(event);
      case 'response.cancel':
        // A reply may be through before the client can know; the real server answers with an error then.
        if (this.#response) this.#done('cancelled');
        else this.#send({ type: 'error', error: { code: 'response_cancel_not_active' } });
        return;
      default:
        this.#refuse(event, 'unknown event');
    }
  }

  async #commit(event: Event): Promise<void> {
    const samples = Buffer.concat(this.#sound.splice(0));
    if (samples.length < SHORTEST) {
      this.#refuse(event, 'buffer too small');
      return;
    }
    const item: Item = {
      id: this.#id('item'),
      type: 'message',
      role: 'user',
      text: '',
      sound: samples.length / 48,
    };
    this.#items.push(item);
    this.#send({ type: 'input_audio_buffer.committed', item_id: item.id });
    const text = (await this.#models.transcribe?.({ samples, rate: RATE }, this.#model)) ?? '';
    if (typeof text !== 'string') {
      if (text.fail !== 'hang')
        this.#send({ type: 'conversation.item.input_audio_transcription.failed', item_id: item.id });
      return;
    }
    item.text = text;
    this.#send({
      type: 'conversation.item.input_audio_transcription.completed',
      item_id: item.id,
      content_index: 0,
      transcript: text,
    });
  }

  #create(event: Event): void {
    const said = event['item'] as Item & { content?: { text: string }[]; output?: string };
    if (
      said.type === 'function_call_output' &&
      !this.#items.some(({ type, call_id }) => type === 'function_call' && call_id === said.call_id)
    ) {
      this.#refuse(event, `no call ${said.call_id}`);
      return;
    }
    const text = said.output ?? (said.content ?? []).map((part) => part.text).join('');
    this.#items.push({ ...said, id: this.#id('item'), text });
    this.#send({ type: 'conversation.item.added', item: { ...said, id: this.#items.at(-1)?.id } });
  }

  async #respond(event: Event): Promise<void> {
    if (this.#response) {
      this.#refuse(event, 'a response is active');
      return;
    }
    const response = (this.#response = new Response(this.#id('resp')));
    this.#send({ type: 'response.created', response: { id: response.id, status: 'in_progress' } });
    const answer = await this.#models.chat({
      model: this.#model,
      messages: [{ role: 'system', content: this.#instructions }, ...this.#items.map(messageOf)],
      tools: this.#tools.map((tool) => ({ function: tool })),
      stream: true,
    });
    if (response.isOver()) return;
    if ('fail' in answer) await this.#fail(response, answer);
    else {
      await this.#say(response, answer.say ?? '');
      if (response.isOver()) return;
      for (const { name, args } of answer.call ?? []) this.#call(name, args);
      this.#done('completed');
    }
  }

  async #say(response: Response, say: string, share = 1): Promise<void> {
    if (say === '') return;
    const item: Item = { id: this.#id('item'), type: 'message', role: 'assistant', text: '', sound: 0 };
    this.#items.push(item);
    const common = { response_id: response.id, item_id: item.id, output_index: 0, content_index: 0 };
    this.#send({ type: 'response.output_item.added', ...common, item: { id: item.id, type: 'message' } });
    if (this.#writes) {
      item.text = say;
      delete item.sound;
      this.#send({ type: 'response.output_text.delta', ...common, delta: say });
      return;
    }
    const sound = tone(REALTIME_HERTZ, say.length * MS_A_CHARACTER, RATE);
    const bytes = (RATE * 2 * PIECE) / 1_000;
    const words = say.split(/(?<= )/);
    for (let at = 0; at < sound.length * share; at += bytes) {
      if (response.isOver()) return;
      // Words come ahead of their sound, as with the real one.
      const ahead = Math.ceil((words.length * 2 * (at + bytes)) / sound.length);
      while (words.length > 0 && say.split(/(?<= )/).length - words.length < ahead) {
        const delta = words.shift() ?? '';
        item.text += delta;
        this.#send({ type: 'response.output_audio_transcript.delta', ...common, delta });
      }
      const piece = sound.subarray(at, at + bytes);
      item.sound = (item.sound ?? 0) + piece.length / 48;
      this.#send({ type: 'response.output_audio.delta', ...common, delta: piece.toString('base64') });
      await new Promise((resolve) => setTimeout(resolve, APART));
    }
    if (share < 1) return;
    for (const delta of words) {
      item.text += delta;
      this.#send({ type: 'response.output_audio_transcript.delta', ...common, delta });
    }
    this.#send({ type: 'response.output_item.done', ...common, item: { id: item.id, type: 'message' } });
  }

  #call(name: string, args: unknown): void {
    const text = typeof args === 'string' ? args : JSON.stringify(args);
    const item = {
      id: this.#id('item'),
      type: 'function_call',
      call_id: this.#id('call'),
      name,
      arguments: text,
    };
    this.#items.push({ ...item, text: '' });
    this.#send({ type: 'response.output_item.done', response_id: this.#response?.id, item });
  }

  async #fail(
    response: Response,
    { fail, say = 'I will see to ' }: Extract<ChatAnswer, { fail: Fault }>,
  ): Promise<void> {
    if (typeof fail === 'number') {
      this.#done('failed', { error: { type: 'x', code: fail === 429 ? 'rate_limit_exceeded' : 'x' } });
      return;
    }
    switch (fail) {
      case 'hang':
        return;
      case 'hang half way':
        return this.#say(response, say, 0.5);
      case 'reset':
      case 'reset half way':
      case 'end half way':
      case 'half call':
        if (fail !== 'reset') await this.#say(response, say, 0.5);
        this.#socket.terminate();
        return;
      case 'garbage':
      case 'nonsense':
      case 'other shape':
        this.#socket.send('<h1>It works!</h1>');
        return;
      case 'empty':
        this.#done('completed');
        return;
      case 'idle': {
        const timer = setInterval(() => this.#send({ type: 'rate_limits.updated' }), IDLE_EVERY);
        this.#socket.on('close', () => clearInterval(timer));
        return;
      }
      default:
        fail satisfies never;
    }
  }

  #done(status: string, status_details?: unknown): void {
    const { id = '' } = this.#response ?? {};
    this.#response?.end();
    this.#response = undefined;
    this.#send({
      type: 'response.done',
      response: { id, status, usage: USAGE, ...(status_details !== undefined && { status_details }) },
    });
  }

  #refuse(event: Event, message: string): void {
    this.#log.errors.push(`${event.type}: ${message}`);
    this.#send({
      type: 'error',
      error: { type: 'invalid_request_error', message, event_id: event['event_id'] },
    });
  }

  #send(event: Event): void {
    if (this.#socket.readyState === 1) this.#socket.send(JSON.stringify(event));
  }

  #id(kind: string): string {
    return `${kind}_${Math.random().toString(36).slice(2, 8)}${this.#count++}`;
  }
}
