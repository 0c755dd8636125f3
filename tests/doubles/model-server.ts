import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readWavHeader } from '../../base/wav-header.ts';
import type { ChatAnswer, ChatRequest, Fault, Models, Pcm } from './models.ts';
import { type RealtimeLog, serveRealtime } from './realtime-server.ts';
import { tone } from './tone.ts';

export type { ChatAnswer, ChatMessage, ChatRequest, Fault, Models, Pcm } from './models.ts';

/** What every text sounds like that `speak` does not say otherwise. */
export const VOICE_HERTZ = 440;
const MS_A_CHARACTER = 60;
const VOICE_RATE = 24_000;

/**
 * An OpenAI-compatible model server under a test's control, with nothing in common with speech/. It listens on a free port of the
 * loopback interface.
 */
export class ModelServer {
  readonly requests: { path: string; authorization: string | undefined; body: Buffer }[] = [];
  /** What came over OpenAI's realtime protocol. */
  readonly realtime: RealtimeLog;
  readonly #server: Server;

  private constructor(server: Server, models: Models) {
    this.#server = server;
    this.realtime = serveRealtime(server, models);
  }

  static async start(models: Models): Promise<ModelServer> {
    const server = createServer((request, response) => {
      const asked = { path: request.url ?? '', authorization: request.headers.authorization };
      const served = async () => {
        const body = await read(request);
        double.requests.push({ ...asked, body });
        await serve(models, asked.path, body, response);
      };
      served().catch((error: unknown) => response.destroy(error as Error));
    });
    const double = new ModelServer(server, models);
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
    this.realtime.dropAll();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

async function serve(models: Models, path: string, body: Buffer, response: ServerResponse): Promise<void> {
  switch (path) {
    case '/v1/chat/completions': {
      const asked = JSON.parse(body.toString()) as ChatRequest;
      const answer = await models.chat(asked);
      if (!('fail' in answer) && asked.stream !== true) whole(response, answer);
      else if (!('fail' in answer)) stream(response, answer, true, asked.stream_options?.include_usage);
      else {
        const half = () => stream(response, { say: answer.say ?? 'I will see to ' }, false);
        const quoted = JSON.stringify(asked.messages.at(-1));
        const life = 'data: {"choices": []}\n\n';
        fail(response, answer.fail, {
          type: 'text/event-stream',
          half,
          life,
          quoted,
          nonsense: 'data: <h1>It works!</h1>\n\ndata: [DONE]\n\n',
          otherShape: 'data: {"choices": {"delta": 7}}\n\ndata: ["choices"]\n\n',
        });
      }
      return;
    }
    case '/v1/audio/speech': {
      const { input, model } = JSON.parse(body.toString()) as { input: string; model: string };
      const pcm =
        (await models.speak?.(input, model)) ?? tone(VOICE_HERTZ, input.length * MS_A_CHARACTER, VOICE_RATE);
      const fault = models.mute?.(input, model);
      if (fault !== undefined) {
        const half = () => response.writeHead(200, AUDIO).write(pcm.subarray(0, (pcm.length >> 2) * 2));
        fail(response, fault, {
          type: fault === 'nonsense' ? 'audio/mpeg' : AUDIO['content-type'],
          half,
          life: '',
          quoted: input,
          nonsense: Buffer.concat([Buffer.from('ID3'), pcm]),
          otherShape: '{"audio": null}',
        });
        return;
      }
      response.writeHead(200, AUDIO).end(pcm);
      return;
    }
    case '/v1/audio/transcriptions': {
      const model = /name="model"\r\n\r\n([^\r]*)/.exec(body.toString('latin1'))?.[1] ?? '';
      const text = (await models.transcribe?.(pcmOf(body), model)) ?? '';
      if (typeof text !== 'string') {
        const half = () => response.writeHead(200, JSON_TYPE).write('{"text": "I wou');
        fail(response, text.fail, {
          type: JSON_TYPE['content-type'],
          half,
          life: ' ',
          quoted: '',
          nonsense: JSON.stringify({ text: 'word '.repeat(200_000) }),
          otherShape: '{"text": ["I", "would"]}',
        });
      } else response.writeHead(200, JSON_TYPE).end(JSON.stringify({ text }));
      return;
    }
    default:
      refuse(response, 404, path);
  }
}

const AUDIO = { 'content-type': 'audio/pcm' };
const JSON_TYPE = { 'content-type': 'application/json' };
const LIFE_EVERY = 500;

/** @param as what an answer would look like: its type, the first half of one, what comes while there is none, what is none, and what an error quotes. */
function fail(
  response: ServerResponse,
  fault: Fault,
  as: {
    type: string;
    half: () => unknown;
    life: string;
    nonsense: string | Buffer;
    otherShape: string;
    quoted: string;
  },
): void {
  if (typeof fault === 'number') {
    refuse(response, fault, as.quoted);
    return;
  }
  switch (fault) {
    case 'hang':
      return;
    case 'hang half way':
      as.half();
      return;
    case 'reset':
      response.destroy();
      return;
    case 'reset half way':
      as.half();
      setTimeout(() => response.destroy(), 50);
      return;
    case 'garbage':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>It works!</h1>');
      return;
    case 'empty':
      response.writeHead(200, { 'content-type': as.type }).end();
      return;
    case 'idle': {
      response.writeHead(200, { 'content-type': as.type });
      const timer = setInterval(() => response.write(as.life), LIFE_EVERY);
      response.on('close', () => clearInterval(timer));
      return;
    }
    case 'end half way':
      as.half();
      setTimeout(() => response.end(), 50);
      return;
    case 'half call':
      stream(response, { call: [{ name: 'receive_dtmf', args: '{"digits": ' }] }, false);
      setTimeout(() => response.destroy(), 50);
      return;
    case 'nonsense':
      response.writeHead(200, { 'content-type': as.type }).end(as.nonsense);
      return;
    case 'other shape':
      response.writeHead(200, { 'content-type': as.type }).end(as.otherShape);
      return;
    default:
      fault satisfies never;
  }
}

/** Real ones quote what they were asked, too. */
function refuse(response: ServerResponse, status: number, quoted: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { message: `refused by the test: ${quoted}` } }));
}

/** What every answer takes. */
const USAGE = { prompt_tokens: 1_000, completion_tokens: 50, total_tokens: 1_050 };

/** An answer that was not to be streamed. */
function whole(response: ServerResponse, { say = '' }: Exclude<ChatAnswer, { fail: Fault }>): void {
  const message = { role: 'assistant', content: say };
  const choices = [{ index: 0, message, finish_reason: 'stop' }];
  response.writeHead(200, JSON_TYPE).end(JSON.stringify({ choices, usage: USAGE }));
}

function stream(
  response: ServerResponse,
  { say = '', call = [] }: Exclude<ChatAnswer, { fail: Fault }>,
  isWhole = true,
  withUsage = false,
): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const id = `chatcmpl-${Math.random().toString(36).slice(2)}`;
  const chunk = (delta: unknown, finish_reason: string | null = null) =>
    response.write(
      `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created: 0, model: 'double', choices: [{ index: 0, delta, finish_reason }] })}\n\n`,
    );
  chunk({ role: 'assistant', content: '' });
  for (const word of say.split(/(?<= )/)) if (word) chunk({ content: word });
  if (!isWhole && call.length === 0) return;
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
  if (!isWhole) return;
  chunk({}, call.length > 0 ? 'tool_calls' : 'stop');
  if (withUsage) response.write(`data: ${JSON.stringify({ id, choices: [], usage: USAGE })}\n\n`);
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
