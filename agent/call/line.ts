import type { Room } from '@livekit/rtc-node';
import { timestamp, type Clock } from '../../base/clock.ts';
import { AttendantError } from '../../base/errors.ts';
import type {
  Collection,
  CollectionRequest,
  ConsultRequest,
  ConsultResult,
  JsonObject,
  Line,
  SayOptions,
  TransferRequest,
  TransferResult,
} from '../tools/tool.ts';
import type { DigitCollection, EndReason, ThreadWriter } from '../../threads/entry.ts';
import type { Digits } from './digits.ts';
import type { Discretion } from './discretion.ts';
import type { Ending } from './ending.ts';
import type { Gathered } from './gathered.ts';
import { pressKey } from './press-key.ts';
import type { Consult } from './consult/consult.ts';
import type { Transcript } from './transcript.ts';
import type { Transfer } from './transfer/transfer.ts';

/** LiveKit SIP plays a tone of 250 ms and a gap of 250 ms; the next digit waits for both. */
const DIGIT_TIME = 500;
const PAUSE_TIME = 500;
/** Milliseconds from our last frame to the caller's ear. */
const ON_ITS_WAY = 200;
/** Milliseconds that a sentence gets to fall silent when the call ends. */
const LAST_WORDS = 500;

interface Parts {
  readonly room: Room;
  /** Identity of the participant whom the agent talks to: keys go there and nowhere else. */
  readonly leg: string;
  readonly hasSipLeg: boolean;
  readonly thread: ThreadWriter;
  readonly digits: Digits;
  readonly ending: Ending;
  readonly transfer: Transfer;
  readonly consult: Consult;
  readonly clock: Clock;
  readonly discretion: Discretion;
  readonly gathered: Gathered;
  readonly transcript: Transcript;
  /** What is not to be recorded runs in it. */
  readonly unrecorded: <T>(work: () => Promise<T>) => Promise<T>;
  readonly speak: (text: string, options: SayOptions) => Promise<void>;
  /** @throws AttendantError E_FLOW_UNKNOWN */
  readonly goto: (flow: string) => void;
  /** What is said before the agent leaves the call. Template. */
  readonly exit: string | undefined;
  readonly render: (template: string) => string;
}

/** What the tools do to the call is done here, once, against the real room. */
export class CallLine implements Line {
  readonly hasSipLeg: boolean;
  readonly #parts: Parts;
  /** What keeps the agent from its caller just now. */
  #away: 'transfer' | 'consult' | undefined;
  /** The keys that are being pressed. */
  #pressing: Promise<unknown> = Promise.resolve();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.hasSipLeg = parts.hasSipLeg;
  }

  collect(request: CollectionRequest): Collection {
    const { digits, discretion } = this.#parts;
    const collection = digits.collect(request);
    void collection.result.then((ended) => discretion.typed(ended.digits));
    return collection;
  }

  collected(ended: DigitCollection): void {
    const { thread, clock, discretion } = this.#parts;
    thread.append({ kind: 'digits', collection: discretion.collected(ended), at: timestamp(clock) });
  }

  pressed(keys: string): void {
    this.#parts.transcript.user(`[pressed ${keys}]`);
  }

  async say(text: string, options: SayOptions = {}): Promise<void> {
    const { ending, clock, speak } = this.#parts;
    const spoken = speak(text, options);
    try {
      await ending.unlessEnded(spoken);
    } catch (error) {
      // What was heard of it stands on the thread before the tool's result.
      await Promise.race([spoken.catch(() => undefined), clock.sleep(LAST_WORDS)]);
      throw error;
    }
  }

  unrecorded<T>(work: () => Promise<T>): Promise<T> {
    return this.#parts.unrecorded(work);
  }

  reference(number: string): string {
    return this.#parts.discretion.reference(number);
  }

  resolve(reference: string): string | undefined {
    return this.#parts.discretion.resolve(reference);
  }

  logged(words: string): string {
    return this.#parts.discretion.logged(words);
  }

  remember(values: JsonObject, { secret } = { secret: false }): string | undefined {
    const { discretion, gathered, thread, transcript, clock } = this.#parts;
    const { fit, fault } = gathered.sort(secret ? values : discretion.outside(values));
    const state = secret
      ? Object.fromEntries(Object.entries(fit).map(([name, value]) => [name, this.reference(String(value))]))
      : fit;
    gathered.keep(state);
    if (Object.keys(state).length > 0) thread.append({ kind: 'state', state, at: timestamp(clock) });
    if (fault !== undefined) transcript.warning('E_STATE_REFUSED', fault);
    return fault;
  }

  goto(flow: string): void {
    this.#parts.goto(flow);
  }

  async farewell(): Promise<void> {
    const { exit, render, clock, ending } = this.#parts;
    if (exit === undefined || ending.begun.aborted) return;
    const text = render(exit);
    try {
      await this.say(text, { recorded: text });
      await clock.sleep(ON_ITS_WAY, ending.begun);
    } catch {
      // The call ends without it.
    }
  }

  get over(): AbortSignal {
    return this.#parts.ending.begun;
  }

  async press(keys: string): Promise<void> {
    this.#needSipLeg();
    // Of two who press at once each presses all of theirs.
    const mine = this.#pressing.then(() => this.#press(keys));
    this.#pressing = mine.catch(() => undefined);
    await mine;
  }

  async transfer(request: TransferRequest): Promise<TransferResult> {
    this.#needSipLeg();
    return this.#oneAtATime('transfer', () => {
      const handover = this.#parts.discretion.outside(request.handover ?? {});
      this.#parts.gathered.handover = handover;
      const playedOut = async () => {
        await request.playedOut();
        await this.farewell();
      };
      return this.#parts.transfer.run({ ...request, handover, playedOut });
    });
  }

  async consult(request: ConsultRequest): Promise<ConsultResult> {
    return this.#oneAtATime('consult', () => this.#parts.consult.run(request));
  }

  conclude(outcome: JsonObject): void {
    this.#parts.gathered.outcome = this.#parts.discretion.outside(outcome);
    this.#parts.thread.append({ kind: 'outcome', outcome, at: timestamp(this.#parts.clock) });
  }

  end(reason: EndReason): void {
    this.#parts.ending.decide(reason);
  }

  async #press(keys: string): Promise<void> {
    const { room, leg, clock, ending } = this.#parts;
    for (const key of keys.toLowerCase()) {
      ending.begun.throwIfAborted();
      if (key === 'w') {
        await clock.sleep(PAUSE_TIME, ending.begun);
        continue;
      }
      const agent = room.localParticipant;
      if (!agent) throw new AttendantError('E_CALL_ENDING', 'the agent has left the room');
      await ending.unlessEnded(pressKey(agent, key, leg, ending.begun));
      await clock.sleep(DIGIT_TIME, ending.begun);
    }
  }

  async #oneAtATime<T>(what: 'transfer' | 'consult', run: () => Promise<T>): Promise<T> {
    if (this.#away === 'transfer')
      throw new AttendantError('E_TRANSFER_RUNNING', 'a transfer is already running');
    if (this.#away === 'consult')
      throw new AttendantError('E_CONSULT_RUNNING', 'a side call is already running');
    this.#away = what;
    try {
      return await run();
    } finally {
      this.#away = undefined;
    }
  }

  #needSipLeg(): void {
    if (!this.hasSipLeg) throw new AttendantError('E_NO_SIP_LEG', 'this call has no telephone leg');
  }
}
