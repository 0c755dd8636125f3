import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds that a server has to say something on a connection before it is closed. */
const LISTEN = 300;

/**
 * SIP as bytes, for messages that no SIP stack would send. What it is answered with is counted, and dealt with as RFC 3261 wants: a final
 * answer to an INVITE is acknowledged (section 17.1.1.3), and a call that comes about is hung up, so that none stays behind.
 */
export class RawSip {
  /** How often each status came. */
  readonly statuses = new Map<number, number>();
  readonly #socket: Socket;
  readonly #to: number;

  private constructor(socket: Socket, to: number) {
    this.#socket = socket;
    this.#to = to;
    socket.on('message', (message) => this.#take(message.toString('latin1')));
    // A port that is closed because its server has just died.
    socket.on('error', () => undefined);
  }

  /**
   * @param to the port of a SIP server on this machine.
   * @param host the address that it comes from.
   */
  static async open(to: number, host = '127.0.0.1'): Promise<RawSip> {
    const socket = createSocket('udp4').bind(0, host);
    await once(socket, 'listening');
    return new RawSip(socket, to);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** As one datagram; false where it is longer than one can be. */
  send(message: Buffer): Promise<boolean> {
    return new Promise((resolve) =>
      this.#socket.send(message, this.#to, '127.0.0.1', (error) => resolve(error === null)),
    );
  }

  close(): void {
    this.#socket.close();
  }

  #take(text: string): void {
    const status = Number(/^SIP\/2\.0 (\d{3})/.exec(text)?.[1] ?? NaN);
    if (Number.isNaN(status)) return;
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (status < 200 || !/^CSeq:[^\r\n]*INVITE/im.test(text)) return;
    for (const request of status < 300 ? ['ACK', 'BYE'] : ['ACK'])
      void this.send(Buffer.from(within(text, request, this.#to), 'latin1'));
  }
}

/** A request within what was answered. */
function within(answer: string, method: string, to: number): string {
  const line = (name: string) => new RegExp(`^${name}:[^\\r\\n]*`, 'im').exec(answer)?.[0] ?? `${name}: x`;
  const via = method === 'BYE' ? line('Via').replace(/branch=[^;]*/i, '$&b') : line('Via');
  const number = Number(/^CSeq:\s*(\d+)/im.exec(answer)?.[1] ?? 1);
  return [
    `${method} sip:callee@127.0.0.1:${to} SIP/2.0`,
    ...[via, line('From'), line('To'), line('Call-ID')],
    `CSeq: ${method === 'BYE' ? number + 1 : number} ${method}`,
    'Max-Forwards: 70',
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n');
}

/** Opens a connection, says that, and gives what is answered until nothing more comes; '' where the server hangs up or is not there. */
export async function overTcp(port: number, message: Buffer, listen = LISTEN): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  return answered(socket, 'connect', message, listen);
}

async function answered(
  socket: ReturnType<typeof connect>,
  connected: string,
  message: Buffer,
  listen: number,
): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('error', () => undefined).on('data', (chunk: Buffer) => chunks.push(chunk));
  const closed = once(socket, 'close').catch(() => undefined);
  try {
    await Promise.race([once(socket, connected), closed]);
    socket.write(message);
    await Promise.race([sleep(listen), closed]);
  } catch {
    // Refused: whether the server is there is asked elsewhere.
  } finally {
    socket.destroy();
  }
  return Buffer.concat(chunks).toString('latin1');
}
