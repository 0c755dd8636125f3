import { startSipp, type SippRun } from '../../rehearsal/sipp.ts';
import { headerOf, type SipMessage } from '../../rehearsal/sip-trace.ts';
import type { SippStep } from '../../rehearsal/sipp-scenario.ts';
import type { Role } from '../dialogue.ts';
import type { Stage } from '../stage.ts';
import { Line } from './line.ts';

/** New calls a second in a burst: all within the same hundredth of one. */
const AT_ONCE = 2_000;
/** Longest that any measure lasts: SIPp ends then, whatever goes on. */
const CALLS_WITHIN = 3_600_000;

/** One caller. */
export interface PhoneCall {
  readonly uid: string;
  readonly line: Line;
}

/** Callers who call at the same moment: SIPp signals, the lines carry what is said. */
export class Calls {
  readonly all: readonly PhoneCall[];
  readonly #sipp: SippRun;
  readonly #stage: Stage;
  /** Their number, which LiveKit has in the names of their rooms. */
  readonly #from: string;

  private constructor(all: readonly PhoneCall[], sipp: SippRun, stage: Stage, from: string) {
    this.all = all;
    this.#sipp = sipp;
    this.#stage = stage;
    this.#from = from;
  }

  /** @param before what the callers do before they wait for the far end to hang up. */
  static async place(
    stage: Stage,
    role: Role,
    count: number,
    before: readonly SippStep[] = [],
  ): Promise<Calls> {
    const lines = await Promise.all(Array.from({ length: count }, () => Line.open(stage.ticker)));
    const prefix = `${role}-${Math.random().toString(36).slice(2, 10)}`;
    const from = `+1555${String(Math.floor(Math.random() * 1e7)).padStart(7, '0')}`;
    try {
      const sipp = await startSipp({
        target: { host: '127.0.0.1', port: stage.stack.ports.sip },
        user: 'bench',
        from,
        callId: prefix,
        headers: { 'X-Uid': `${prefix}-{call}` },
        steps: [...before, { kind: 'until_bye' }],
        codec: 'PCMU',
        calls: count,
        atOnce: count,
        rate: AT_ONCE,
        mediaAt: lines.map(({ port }) => port),
        within: CALLS_WITHIN,
        signal: stage.signal,
      });
      return new Calls(
        lines.map((line, n) => ({ line, uid: `${prefix}-${n + 1}` })),
        sipp,
        stage,
        from,
      );
    } catch (error) {
      for (const line of lines) line.close();
      throw error;
    }
  }

  /** The SIP messages so far of each call, in the order of `all`. */
  async messages(): Promise<SipMessage[][]> {
    const messages = await this.#sipp.messages();
    const ids = await Promise.all(this.all.map((_, n) => this.#sipp.callId(n + 1)));
    const of = new Map<string, SipMessage[]>(ids.map((id) => [id, []]));
    for (const message of messages) of.get(headerOf(message, 'call-id') ?? '')?.push(message);
    return ids.map((id) => of.get(id) ?? []);
  }

  /** Ends all of them, whatever state each is in, and resolves when LiveKit knows nothing of them any more. */
  async end(): Promise<void> {
    try {
      await this.#stage.endRooms(this.#from);
    } finally {
      await this.#sipp.close();
      for (const { line } of this.all) line.close();
    }
  }
}
