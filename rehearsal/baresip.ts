import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { systemClock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import { encodeNetstring, NetstringReader } from './netstring.ts';

/** How long baresip may take to answer a command on its loopback socket. */
const ANSWER = 10_000;

/** A message of baresip's module ctrl_tcp: an event, or the answer to a command. */
export interface BaresipEvent {
  readonly type: string;
  readonly direction?: string;
  readonly peeruri?: string;
  /** The call's SIP Call-ID. */
  readonly id?: string;
  readonly param?: string;
}

interface Answer {
  readonly response: true;
  readonly ok: boolean;
  readonly data?: string;
  readonly token?: string;
}

/** What a baresip is told by: its configuration file. Paths are relative to its folder, because it cuts long ones off. */
export function baresipConfig(options: {
  address: string;
  sipPort: number;
  controlPort: number;
  modules: string;
}): string {
  const { address, sipPort, controlPort, modules } = options;
  return [
    'poll_method epoll',
    `sip_listen ${address}:${sipPort}`,
    `net_interface ${address}`,
    // Below what the kernel gives out for outgoing connections, beside what the servers use.
    'rtp_ports 32000-32766',
    // There is no player: what comes in is recorded by sndfile.
    'audio_player aufile,none.wav',
    'audio_source aufile,silence.wav',
    'audio_alert aufile,none.wav',
    'ringback_disabled yes',
    `module_path ${modules}`,
    'module g722.so',
    'module g711.so',
    'module aufile.so',
    'module sndfile.so',
    'module_app account.so',
    'module_app menu.so',
    'module_app ctrl_tcp.so',
    `ctrl_tcp_listen 127.0.0.1:${controlPort}`,
    'snd_path .',
    '',
  ].join('\n');
}

/** The control connection to a running baresip: netstrings of JSON over TCP, commands one way, answers and events the other. */
export class BaresipControl {
  #socket: Socket;
  #reader = new NetstringReader();
  #answers = new Map<string, (answer: Answer) => void>();
  #token = 0;
  #closed = false;
  #onEvent: (event: BaresipEvent) => void;

  private constructor(socket: Socket, onEvent: (event: BaresipEvent) => void) {
    this.#socket = socket;
    this.#onEvent = onEvent;
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#closed = true;
      for (const answer of this.#answers.values())
        answer({ response: true, ok: false, data: 'baresip has ended' });
      this.#answers.clear();
    });
  }

  /** Connects; rejects where nothing listens on the port yet. */
  static async connect(port: number, onEvent: (event: BaresipEvent) => void): Promise<BaresipControl> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.setNoDelay(true);
    return new BaresipControl(socket, onEvent);
  }

  /**
   * Gives a command as its menu knows it and waits for the answer.
   *
   * @throws AttendantError E_SCENARIO_FAILED where baresip refuses, E_TIMEOUT where it says nothing.
   */
  async command(command: string, params?: string): Promise<string> {
    if (this.#closed)
      throw new AttendantError('E_SCENARIO_FAILED', `the softphone has ended, cannot ${command}`);
    const token = String(++this.#token);
    const answered = new Promise<Answer>((resolve) => this.#answers.set(token, resolve));
    this.#socket.write(
      encodeNetstring(JSON.stringify({ command, ...(params === undefined ? {} : { params }), token })),
    );
    const limit = new AbortController();
    const late = systemClock.sleep(ANSWER, limit.signal).then(
      () => undefined,
      () => undefined,
    );
    const answer = await Promise.race([answered, late]);
    limit.abort();
    this.#answers.delete(token);
    if (!answer)
      throw new AttendantError(
        'E_TIMEOUT',
        `the softphone did not answer the command ${command} within ${ANSWER / 1000} s`,
      );
    if (!answer.ok)
      throw new AttendantError(
        'E_SCENARIO_FAILED',
        `the softphone refused to ${command}: ${answer.data ?? ''}`,
      );
    return answer.data ?? '';
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    try {
      for (const text of this.#reader.push(bytes)) this.#message(JSON.parse(text) as unknown);
    } catch {
      // Not a baresip at the other end, or its stream is broken: nothing more can be understood.
      this.#socket.destroy();
    }
  }

  #message(message: unknown): void {
    if (typeof message !== 'object' || message === null) return;
    if ('response' in message) {
      const answer = message as Answer;
      if (answer.token !== undefined) this.#answers.get(answer.token)?.(answer);
    } else if ('event' in message && 'type' in message) {
      this.#onEvent(message as unknown as BaresipEvent);
    }
  }
}
