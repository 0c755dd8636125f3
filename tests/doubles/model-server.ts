import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readWavHeader } from '../../rehearsal/wav.ts';
import { tone } from './tone.ts';

/** What a request for a reply carries, as far as the doubles look at it. */
export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly { function: { name: string; description?: string; parameters: unknown } }[];
}

export interface ChatMessage {
  readonly role: string;
  readonly content?: unknown;
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly { function: { name: string; arguments: string } }[];
}

/** What the model answers: words, tool calls, or both; or the HTTP status that it fails with. */
export type ChatAnswer =
  | { readonly say?: string; readonly call?: readonly { name: string; args: unknown }[] }
  | { readonly fail: number };

/** 16-bit mono. */
export interface Pcm {
  readonly samples: Buffer;
  readonly rate: number;
}

export interface Models {
  chat(request: ChatRequest): ChatAnswer | Promise<ChatAnswer>;
  /** The text of an utterance. */
  transcribe?(heard: Pcm): string | Promise<string>;
  /** 24 kHz, 16 bit, mono, little-endian. Without it every character is 60 ms of a 440 Hz tone. */
  speak?(text: string): Buffer | Promise<Buffer>;
}

/** What every text sounds like that `speak` does not say otherwise. */
export const VOICE_HERTZ = 440;
const MS_A_CHARACTER = 60;
const VOICE_RATE = 24_000;

/**
 * An OpenAI-compatible model server under a test's control, with nothing in common with speech/. It listens on a free port of the
 * loopback interface.
 */
export class ModelServer {
  readonly requests: { path: string; authorization: string | undefined }[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(models: Models): Promise<ModelServer> {
    const server = createServer((request, response) => {
      double.requests.push({ path: request.url ?? '', authorization: request.headers.authorization });
      serve(models, request, response).catch((error: unknown) => response.destroy(error as Error));
    });
    const double = new ModelServer(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return double;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** The settings of a worker that is to use this server for every part. */
  get env(): Record<string, string> {
    return Object.fromEntries(
      ['LLM', 'STT', 'TTS'].flatMap((part) => [
        [`${part}_BASE_URL`, this.baseUrl],
        [`${part}_API_KEY`, `key-of-${part}`],
      ]),
    );
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

async function serve(models: Models, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await read(request);
  switch (request.url ?? '') {
    case '/v1/chat/completions': {
      const answer = await models.chat(JSON.parse(body.toString()) as ChatRequest);
      if ('fail' in answer) refuse(response, answer.fail);
      else stream(response, answer);
      return;
    }
    case '/v1/audio/speech': {
      const { input } = JSON.parse(body.toString()) as { input: string };
      const pcm =
        (await models.speak?.(input)) ?? tone(VOICE_HERTZ, input.length * MS_A_CHARACTER, VOICE_RATE);
      response.writeHead(200, { 'content-type': 'audio/pcm' }).end(pcm);
      return;
    }
    case '/v1/audio/transcriptions': {
      const text = (await models.transcribe?.(pcmOf(body))) ?? '';
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ text }));
      return;
    }
    default:
      refuse(response, 404);
  }
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { message: 'refused by the test' } }));
}

function stream(
  response: ServerResponse,
  { say = '', call = [] }: Exclude<ChatAnswer, { fail: number }>,
): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const id = `chatcmpl-${Math.random().toString(36).slice(2)}`;
  const chunk = (delta: unknown, finish_reason: string | null = null) =>
    response.write(
      `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created: 0, model: 'double', choices: [{ index: 0, delta, finish_reason }] })}\n\n`,
    );
  chunk({ role: 'assistant', content: '' });
  for (const word of say.split(/(?<= )/)) if (word) chunk({ content: word });
  call.forEach(({ name, args }, index) =>
    chunk({
      tool_calls: [
        {
          index,
          id: `call_${id.slice(9)}_${index}`,
          type: 'function',
          function: { name, arguments: typeof args === 'string' ? args : JSON.stringify(args) },
        },
      ],
    }),
  );
  chunk({}, call.length > 0 ? 'tool_calls' : 'stop');
  response.end('data: [DONE]\n\n');
}

/** The audio out of a multipart body: from its RIFF mark to the next boundary. */
function pcmOf(body: Buffer): Pcm {
  const start = body.indexOf('RIFF');
  const boundary = body.subarray(0, body.indexOf('\r\n'));
  const end = body.indexOf(boundary, start);
  const wav = body.subarray(start, end < 0 ? undefined : end - 2);
  const format = readWavHeader(wav);
  if (!format) throw new Error('no WAV file came for transcription');
  return { samples: wav.subarray(format.dataAt), rate: format.rate };
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
