import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebhookBody } from '../../threads/webhook-message.ts';

/** A webhook as it came in. */
export interface Received {
  readonly id: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly body: WebhookBody;
}

/** What the receiver answers: a status, with headers perhaps; or nothing, ever. */
export type Answer = number | { status: number; headers: Record<string, string> } | 'hang' | 'reset';

/** A server of a user that gets webhooks. It can be down for a while. */
export class Receiver {
  /** Those that it answered with 2xx, in order. */
  readonly taken: Received[] = [];
  readonly all: Received[] = [];
  #answer: (received: Received) => Answer | Promise<Answer>;
  #server: Server | undefined;
  #port = 0;

  constructor(answer: (received: Received) => Answer | Promise<Answer>) {
    this.#answer = answer;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`;
  }

  answers(answer: (received: Received) => Answer | Promise<Answer>): void {
    this.#answer = answer;
  }

  async up(): Promise<this> {
    this.#server = createServer((request, response) => void this.#take(request, response));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async down(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const { headers } = request;
    const id = String(headers['webhook-id']);
    const received = { id, headers, text, body: JSON.parse(text) as WebhookBody };
    this.all.push(received);
    const answer = await this.#answer(received);
    if (answer === 'hang' || response.destroyed) return;
    if (answer === 'reset') {
      response.destroy();
      return;
    }
    const { status, headers: more = {} } = typeof answer === 'number' ? { status: answer } : answer;
    if (status < 300) this.taken.push(received);
    response.writeHead(status, more).end();
  }
}

/** Whether the signature is of the secret, by the words of the Standard Webhooks specification. */
export function isSigned({ headers, text }: Received, secret: string): boolean {
  const [id, at] = [headers['webhook-id'], headers['webhook-timestamp']].map(String);
  const key = Buffer.from(secret.split('_')[1] ?? '', 'base64');
  const expected = createHmac('sha256', key)
    .update(`${id ?? ''}.${at ?? ''}.${text}`)
    .digest('base64');
  const isNow = Math.abs(Date.now() / 1000 - Number(at)) < 300;
  return isNow && String(headers['webhook-signature']).split(' ').includes(`v1,${expected}`);
}
