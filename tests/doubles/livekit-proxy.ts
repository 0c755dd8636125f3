import {
  createServer,
  type IncomingMessage,
  request as ask,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';

/** A request to LiveKit's server API. */
export interface ApiRequest {
  /** `RoomService/MutePublishedTrack` */
  readonly method: string;
  /** Protobuf; texts in it, such as a room's name, stand as they are. */
  readonly body: Buffer;
}

/**
 * Stands between livekit-server and those who use it. It keeps requests back and cuts websockets when a test says so, and knows every request that
 * was made; else all passes as it is.
 */
export class LiveKitProxy {
  readonly url: string;
  readonly requests: ApiRequest[] = [];
  readonly #server: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<{
    readonly identity: string;
    readonly client: Socket;
    readonly server: Socket;
  }>();
  #keepsBack: (request: ApiRequest) => boolean = () => false;
  #release: () => void = () => undefined;
  #released: Promise<void> = Promise.resolve();

  private constructor(server: Server, target: URL, port: number) {
    this.#server = server;
    this.#target = { host: target.hostname, port: Number(target.port) };
    this.url = `ws://127.0.0.1:${port}`;
    server.on('request', (request, response) => {
      this.#forward(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
    server.on('upgrade', (request: IncomingMessage, client: Socket, head: Buffer) =>
      this.#tunnel(request, client, head),
    );
  }

  static async start(livekit: URL, port: number): Promise<LiveKitProxy> {
    const server = createServer();
    const proxy = new LiveKitProxy(server, livekit, port);
    await new Promise<void>((resolve, reject) =>
      server.once('error', reject).listen(port, '127.0.0.1', () => resolve()),
    );
    return proxy;
  }

  /** Keeps such requests back until `release`. */
  keepBack(which: (request: ApiRequest) => boolean): void {
    this.#keepsBack = which;
    this.#released = new Promise((resolve) => (this.#release = resolve));
  }

  release(): void {
    this.#keepsBack = () => false;
    this.#release();
  }

  /** Whose signalling is up: identities, empty for a worker's registration. */
  get connected(): string[] {
    return [...this.#sockets].map(({ identity }) => identity);
  }

  /** Cuts the signalling of participants, by their identities; says how many it was. */
  cut(whose: (identity: string) => boolean): number {
    const cut = [...this.#sockets].filter(({ identity }) => whose(identity));
    for (const { client, server } of cut) {
      client.destroy();
      server.destroy();
    }
    return cut.length;
  }

  async stop(): Promise<void> {
    this.release();
    this.cut(() => true);
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #forward(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const { url = '', method = 'GET', headers } = incoming;
    const request = { method: url.replace('/twirp/livekit.', ''), body };
    this.requests.push(request);
    if (this.#keepsBack(request)) await this.#released;
    await new Promise<void>((resolve, reject) => {
      const outgoing = ask({ ...this.#target, path: url, method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response).once('close', resolve).once('error', reject);
      });
      outgoing.once('error', reject).end(body);
    });
  }

  #tunnel(
    { url = '', method = 'GET', headers, rawHeaders }: IncomingMessage,
    client: Socket,
    head: Buffer,
  ): void {
    const server = connect(this.#target);
    const lines = Array.from({ length: rawHeaders.length / 2 }, (_, i) => rawHeaders.slice(i * 2, i * 2 + 2));
    server.write(`${method} ${url} HTTP/1.1\r\n${lines.map((line) => line.join(': ')).join('\r\n')}\r\n\r\n`);
    server.write(head);
    const token =
      new URL(url, 'http://proxy').searchParams.get('access_token') ??
      headers.authorization?.replace('Bearer ', '') ??
      '';
    const pair = { identity: identityOf(token), client, server };
    this.#sockets.add(pair);
    const end = () => {
      this.#sockets.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.once('close', end).on('error', end);
    client.pipe(server);
    server.pipe(client);
  }
}

/** Whose token it is (JWT claim `sub`). */
function identityOf(token: string): string {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
      sub?: string;
    };
    return claims.sub ?? '';
  } catch {
    return '';
  }
}
