import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import type { Hop } from './pbx-config.ts';
import { lastLines, type Program } from './program.ts';
import { headerOf, parseSippTrace, type SipMessage } from './sip-trace.ts';
import { WAITING } from './sipp-scenario.ts';
import { removeFolder } from './temp-folder.ts';

const LOOK_EVERY = 50;
/** A call reaches its cue when it is answered and has pressed what it should before. */
const CUE_WITHIN = 60_000;

export interface SippResult {
  /** True when every call went as its steps say. */
  readonly passed: boolean;
  /** SIPp's exit code: 0 all calls succeeded, 1 one or more failed, 97 to 255 it could not run. */
  readonly code: number | null;
  readonly messages: readonly SipMessage[];
  /** What SIPp found wrong. */
  readonly errors: string;
}

/** A SIPp that runs. */
export class SippRun implements AsyncDisposable {
  #program: Program;
  #folder: string;
  /** Where it is on the network. */
  readonly local: Hop;
  #callIdOf: (call: number) => Promise<string>;
  #signal: AbortSignal;
  /** How many cues each call got. */
  #cues = new Map<number, number>();
  #last: { messages: SipMessage[]; errors: string } | undefined;

  constructor(
    program: Program,
    folder: string,
    local: Hop,
    callIdOf: (call: number) => Promise<string>,
    signal: AbortSignal,
  ) {
    this.#program = program;
    this.#folder = folder;
    this.local = local;
    this.#callIdOf = callIdOf;
    this.#signal = signal;
    void program.exited.then(() => this.#end());
  }

  /** The SIP Call-ID of a call, from 1. */
  callId(call = 1): Promise<string> {
    return this.#callIdOf(call);
  }

  /** All SIP messages so far. */
  async messages(): Promise<SipMessage[]> {
    return (
      this.#last?.messages ??
      parseSippTrace(await readFile(join(this.#folder, 'messages.log'), 'utf8').catch(() => ''))
    );
  }

  /**
   * Waits for a SIP message.
   *
   * @throws AttendantError E_TIMEOUT, or E_SCENARIO_FAILED when SIPp ended before.
   */
  async until(wanted: (message: SipMessage) => boolean, options: { within: number }): Promise<SipMessage> {
    const end = systemClock.now() + options.within;
    for (;;) {
      const running = this.#program.running;
      const found = (await this.messages()).find(wanted);
      if (found) return found;
      if (!running)
        throw new AttendantError('E_SCENARIO_FAILED', `SIPp ended first: ${this.#last?.errors ?? ''}`);
      if (systemClock.now() > end)
        throw new AttendantError('E_TIMEOUT', `no such SIP message within ${options.within / 1000} s`);
      await systemClock.sleep(LOOK_EVERY, this.#signal);
    }
  }

  /** Lets a call go on that waits at its step `cue`: a SIP MESSAGE to SIPp itself, which never leaves this machine. */
  async cue(call = 1): Promise<void> {
    await this.#waits(call);
    const socket = createSocket('udp4');
    const { host, port } = this.local;
    const callId = await this.callId(call);
    const tag = Math.random().toString(36).slice(2);
    await new Promise<void>((resolve, reject) => socket.once('error', reject).bind(0, host, resolve));
    const request = [
      `MESSAGE sip:cue@${host}:${port} SIP/2.0`,
      `Via: SIP/2.0/UDP ${host}:${socket.address().port};branch=z9hG4bK${tag}`,
      `From: <sip:cue@${host}>;tag=${tag}`,
      `To: <sip:cue@${host}>`,
      `Call-ID: ${callId}`,
      'CSeq: 1 MESSAGE',
      'Max-Forwards: 1',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
    try {
      socket.send(request, port, host);
      // SIPp answers everything to where its INVITE went, so what it logged is the only receipt.
      await this.until(
        (message) => message.method === 'MESSAGE' && headerOf(message, 'from')?.includes(tag) === true,
        { within: 5_000 },
      );
    } finally {
      socket.close();
    }
  }

  /** SIPp takes a request that it does not wait for as a fault of the call, so a cue is given only then. */
  async #waits(call: number): Promise<void> {
    const given = (this.#cues.get(call) ?? 0) + 1;
    const end = systemClock.now() + CUE_WITHIN;
    for (;;) {
      const running = this.#program.running;
      const log = await readFile(join(this.#folder, 'waits.log'), 'utf8').catch(() => '');
      if (log.split('\n').filter((line) => line.endsWith(`${WAITING} ${call}`)).length >= given) break;
      if (!running)
        throw new AttendantError(
          'E_SCENARIO_FAILED',
          `SIPp ended before its cue: ${this.#last?.errors ?? ''}`,
        );
      if (systemClock.now() > end)
        throw new AttendantError(
          'E_TIMEOUT',
          `the call does not wait for a cue after ${CUE_WITHIN / 1000} s`,
        );
      await systemClock.sleep(LOOK_EVERY, this.#signal);
    }
    this.#cues.set(call, given);
  }

  /** Waits until all calls are over. */
  async done(): Promise<SippResult> {
    const exit = await this.#program.exited;
    await this.#end();
    this.#signal.throwIfAborted();
    const { messages, errors } = this.#last ?? { messages: [], errors: '' };
    return {
      passed: exit.code === 0,
      code: exit.code,
      messages,
      errors: errors || exit.code === 0 ? errors : lastLines(this.#program.output(), 3),
    };
  }

  async close(): Promise<void> {
    await this.#program.stop();
    await this.#end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #ending: Promise<void> | undefined;

  #end(): Promise<void> {
    this.#ending ??= (async () => {
      const messages = parseSippTrace(
        await readFile(join(this.#folder, 'messages.log'), 'utf8').catch(() => ''),
      );
      const errors = await readFile(join(this.#folder, 'errors.log'), 'utf8').catch(() => '');
      this.#last = { messages, errors: errors.trim() };
      await removeFolder(this.#folder);
    })();
    return this.#ending;
  }
}
