import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AskedBody {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly response_format?: unknown;
  readonly tools?: unknown;
}

/** What the server does with a request: the text that the model writes, a status, any body, or no answer. */
export type Reply = { write: string } | { status: number } | { body: string } | 'hang';

/** A chat server under a test's control. */
export class ChatDouble {
  readonly asked: AskedBody[] = [];
  readonly keys: (string | undefined)[] = [];
  readonly #server: Server;
  #answers: (body: AskedBody) => Reply;

  private constructor(server: Server, answers: (body: AskedBody) => Reply) {
    this.#server = server;
    this.#answers = answers;
  }

  static async start(answers: (body: AskedBody) => Reply): Promise<ChatDouble> {
    const server = createServer((request, response) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const body = JSON.parse(Buffer.concat(chunks).toString()) as AskedBody;
        double.asked.push(body);
        double.keys.push(request.headers.authorization);
        const reply = double.#answers(body);
        if (reply === 'hang') return;
        if ('status' in reply) response.writeHead(reply.status).end('{}');
        else if ('body' in reply) response.writeHead(200).end(reply.body);
        else
          response.writeHead(200, { 'content-type': 'application/json' }).end(
            JSON.stringify({
              choices: [{ index: 0, message: { role: 'assistant', content: reply.write } }],
              usage: {
                prompt_tokens: 1_000,
                completion_tokens: 50,
                prompt_tokens_details: { cached_tokens: 200 },
              },
            }),
          );
      })();
    });
    const double = new ChatDouble(server, answers);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return double;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  answers(how: (body: AskedBody) => Reply): void {
    this.#answers = how;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
