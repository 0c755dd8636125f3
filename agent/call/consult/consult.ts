import type { Room } from '@livekit/rtc-node';
import { timestamp, type Clock } from '../../../base/clock.ts';
import { AttendantError } from '../../../base/errors.ts';
import type { ThreadId } from '../../../base/ids.ts';
import type { Log } from '../../../base/log.ts';
import type { ThreadWriter } from '../../../threads/entry.ts';
import type { ConsultDestination } from '../../definition/definition.ts';
import type { ConsultRequest, ConsultResult, JsonObject } from '../../tools/tool.ts';
import { Hold } from '../transfer/hold.ts';
import { loops } from '../transfer/plan.ts';
import { classify, type Verdict } from '../transfer/result.ts';

/** Whom to call aside, rendered, and what is to be found out there. */
export interface Errand {
  readonly destination: ConsultDestination;
  readonly ask: string;
  /** The side call's thread as it may be written to: it keeps the secrets of the caller's call. */
  discreet(thread: ThreadWriter): ThreadWriter;
}

/** What a side call came to. */
export interface AsideEnd {
  readonly verdict: Verdict;
  /** Its thread; null where it came to no call at all. */
  readonly thread: ThreadId | null;
  readonly outcome?: JsonObject;
  readonly heard?: string;
}

/** Makes a side call. Never rejects, and resolves at once when the caller's call ends. */
export type Aside = (errand: Errand) => Promise<AsideEnd>;

interface Parts {
  readonly room: Room;
  readonly thread: ThreadWriter;
  readonly caller: { readonly number: string; readonly dialed: string };
  readonly ending: AbortSignal;
  /** Undefined where the agent makes none. */
  readonly aside: Aside | undefined;
  readonly discreet: Errand['discreet'];
  /** Whether the agent listens to the caller. */
  readonly listen: (on: boolean) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The side calls of one call, as its caller knows them: a sentence, music, and an agent who knows more. */
export class Consult {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async run({ destination, ask, playedOut }: ConsultRequest): Promise<ConsultResult> {
    const { thread, clock, ending } = this.#parts;
    ending.throwIfAborted();
    await playedOut();
    ending.throwIfAborted();
    const began = clock.elapsed();
    const end = await this.#whileCallerWaits({ destination, ask, discreet: this.#parts.discreet });
    const { agent, to } = destination;
    const seconds = Math.round((clock.elapsed() - began) / 10) / 100;
    const consult = { ...end.verdict, thread: end.thread, agent, to, seconds };
    thread.append({ kind: 'consult', consult, at: timestamp(clock) });
    const { verdict, outcome, heard } = end;
    return {
      ...verdict,
      to,
      seconds,
      ...(outcome === undefined ? {} : { outcome }),
      ...(heard === undefined ? {} : { heard }),
    };
  }

  async #whileCallerWaits(errand: Errand): Promise<AsideEnd> {
    const { room, caller, listen, aside, log } = this.#parts;
    if (!aside) throw new AttendantError('E_DESTINATION_UNKNOWN', 'nobody is called aside from this call');
    const { to, hold_music } = errand.destination;
    if (loops(to, caller)) return { verdict: classify({ over: 'unsent', cause: 'loop' }), thread: null };
    // What the caller says to the music is not for the agent, nor for anybody there.
    listen(false);
    const hold = await Hold.begin(room, hold_music === false ? 'ringback' : 'music', log);
    try {
      return await aside(errand);
    } finally {
      await hold.end();
      listen(true);
    }
  }
}
