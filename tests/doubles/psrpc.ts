import { type AnyMessage, type Message, type MessageType, proto3, ScalarType } from '@bufbuild/protobuf';
import { randomBytes } from 'node:crypto';
import { createClient } from 'redis';

const text = (no: number, name: string) => ({ no, name, kind: 'scalar', T: ScalarType.STRING }) as const;
const bytes = (no: number, name: string) => ({ no, name, kind: 'scalar', T: ScalarType.BYTES }) as const;
const int64 = (no: number, name: string) => ({ no, name, kind: 'scalar', T: ScalarType.INT64 }) as const;

const type = (name: string, fields: Parameters<typeof proto3.makeMessageType>[1]) =>
  proto3.makeMessageType(`internal.${name}`, fields);

const Envelope = type('Msg', () => [text(1, 'type_url'), bytes(2, 'value'), text(3, 'channel')]);
const Request = type('Request', () => [
  ...[text(1, 'request_id'), text(2, 'client_id'), int64(3, 'sent_at'), int64(4, 'expiry')],
  bytes(8, 'raw_request'),
]);
const Response = type('Response', () => [
  ...[text(1, 'request_id'), text(2, 'server_id'), int64(3, 'sent_at'), text(5, 'error'), text(6, 'code')],
  bytes(7, 'raw_response'),
]);
const ClaimRequest = type('ClaimRequest', () => [
  ...[text(1, 'request_id'), text(2, 'server_id')],
  { no: 3, name: 'affinity', kind: 'scalar', T: ScalarType.FLOAT },
]);
const ClaimResponse = type('ClaimResponse', () => [text(1, 'request_id'), text(2, 'server_id')]);

/** A refusal, with psrpc's code, e.g. `invalid_argument`. */
export class RpcError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const nanoseconds = (ms: number): bigint => BigInt(ms) * 1_000_000n;

/**
 * LiveKit's remote calls between servers (github.com/livekit/psrpc 0.7, internal/internal.proto) on Redis, as far as egress needs them: a
 * request is published, who would answer it claims it, one of them is chosen, and answers.
 */
export class Psrpc {
  readonly #id = `CLI_${randomBytes(6).toString('hex')}`;
  readonly #publisher;
  readonly #subscriber;
  /** Claims of requests that we made, and answers to ours, by the request. */
  readonly #claimed = new Map<string, (serverId: string) => void>();
  readonly #answered = new Map<string, (answer: AnyMessage) => void>();
  #listening: Promise<void> | undefined;

  private constructor(url: string) {
    this.#publisher = createClient({ url }).on('error', () => undefined);
    this.#subscriber = this.#publisher.duplicate().on('error', () => undefined);
  }

  static async connect(url: string): Promise<Psrpc> {
    const psrpc = new Psrpc(url);
    await Promise.all([psrpc.#publisher.connect(), psrpc.#subscriber.connect()]);
    return psrpc;
  }

  /**
   * Answers a method; `topic` says which of several servers is meant, '' where any will do. Gives what ends it.
   *
   * @param takes false leaves a request to others.
   */
  async serve(
    service: string,
    method: string,
    topic: string,
    answer: (request: Uint8Array) => Promise<Message>,
    takes: (request: Uint8Array) => boolean = () => true,
  ): Promise<() => Promise<void>> {
    const server_id = `SRV_${randomBytes(6).toString('hex')}`;
    const chosen = new Map<string, (serverId: string) => void>();
    const requests = channel(service, method, topic, 'REQ');
    const choices = channel(service, method, topic, 'RCLAIM');
    await this.#listen(choices, ClaimResponse, (choice) =>
      chosen.get(choice['requestId'] as string)?.(choice['serverId'] as string),
    );
    await this.#listen(requests, Request, (request) => {
      const { requestId, clientId, rawRequest } = request as unknown as {
        requestId: string;
        clientId: string;
        rawRequest: Uint8Array;
      };
      const run = async () => {
        const choice = new Promise<string>((resolve) => chosen.set(requestId, resolve));
        await this.#publish(
          channel(service, clientId, 'CLAIM'),
          new ClaimRequest({ requestId, serverId: server_id, affinity: 1 }),
        );
        if ((await choice) !== server_id) return;
        chosen.delete(requestId);
        const told = await answer(rawRequest).then(
          (message) => ({ rawResponse: message.toBinary() }),
          (error: unknown) => ({
            error: error instanceof Error ? error.message : String(error),
            code: error instanceof RpcError ? error.code : 'internal',
          }),
        );
        const sentAt = nanoseconds(Date.now());
        await this.#publish(
          channel(service, clientId, 'RES'),
          new Response({ requestId, serverId: server_id, sentAt, ...told }),
        );
      };
      if (takes(rawRequest)) void run();
    });
    return async () => {
      await this.#subscriber.unsubscribe(requests);
      await this.#subscriber.unsubscribe(choices);
    };
  }

  /** Asks for a method of a service whose servers share its requests; resolves when it was answered. */
  async request(service: string, method: string, message: Message): Promise<void> {
    const requestId = `REQ_${randomBytes(6).toString('hex')}`;
    await (this.#listening ??= this.#listenAsClient(service));
    const answered = new Promise<AnyMessage>((resolve) => this.#answered.set(requestId, resolve));
    this.#claimed.set(requestId, (serverId) => {
      void this.#publish(channel(service, method, 'RCLAIM'), new ClaimResponse({ requestId, serverId }));
    });
    const now = Date.now();
    await this.#publish(
      channel(service, method, 'REQ'),
      new Request({
        ...{ requestId, clientId: this.#id, sentAt: nanoseconds(now), expiry: nanoseconds(now + 10_000) },
        rawRequest: message.toBinary(),
      }),
    );
    const answer = await answered;
    this.#answered.delete(requestId);
    if (answer['error'] !== '') throw new RpcError(String(answer['code']), String(answer['error']));
  }

  close(): void {
    this.#subscriber.destroy();
    this.#publisher.destroy();
  }

  async #listenAsClient(service: string): Promise<void> {
    await this.#listen(channel(service, this.#id, 'CLAIM'), ClaimRequest, (claim) => {
      const id = claim['requestId'] as string;
      this.#claimed.get(id)?.(claim['serverId'] as string);
      this.#claimed.delete(id);
    });
    await this.#listen(channel(service, this.#id, 'RES'), Response, (answer) =>
      this.#answered.get(answer['requestId'] as string)?.(answer),
    );
  }

  async #listen(name: string, message: MessageType, take: (message: AnyMessage) => void): Promise<void> {
    const listener = (packed: Buffer) => {
      const { typeUrl, value } = Envelope.fromBinary(packed) as unknown as {
        typeUrl: string;
        value: Uint8Array;
      };
      if (typeUrl.endsWith(`/${message.typeName}`)) take(message.fromBinary(value));
    };
    await this.#subscriber.subscribe(name, listener, true);
  }

  async #publish(name: string, message: Message): Promise<void> {
    const typeUrl = `type.googleapis.com/${message.getType().typeName}`;
    const packed = new Envelope({ typeUrl, value: message.toBinary() }).toBinary();
    await this.#publisher.publish(name, Buffer.from(packed));
  }
}

/** psrpc's name of a channel: its parts with `|` between, empty ones left out. Ours have no character that it would escape. */
function channel(...parts: string[]): string {
  return parts.filter((part) => part !== '').join('|');
}
