import type { Room } from '@livekit/rtc-node';
import { timestamp, type Clock } from '../../base/clock.ts';
import { AttendantError } from '../../base/errors.ts';
import type { EndReason, ThreadWriter } from '../../threads/entry.ts';
import type {
  Collection,
  CollectionRequest,
  JsonObject,
  Line,
  TransferRequest,
  TransferResult,
} from '../tools/tool.ts';
import type { Digits } from './digits.ts';
import type { Ending } from './ending.ts';
import { pressKey } from './press-key.ts';
import type { Transfer } from './transfer/transfer.ts';

/** LiveKit SIP plays a tone of 250 ms and a gap of 250 ms; the next digit waits for both. */
const DIGIT_TIME = 500;
const PAUSE_TIME = 500;

interface Parts {
  readonly room: Room;
  /** Identity of the participant whom the agent talks to: keys go there and nowhere else. */
  readonly leg: string;
  readonly hasSipLeg: boolean;
  readonly thread: ThreadWriter;
  readonly digits: Digits;
  readonly ending: Ending;
  readonly transfer: Transfer;
  readonly clock: Clock;
  readonly speak: (text: string) => Promise<void>;
}

/** What the tools do to the call is done here, once, against the real room. */
export class CallLine implements Line {
  readonly hasSipLeg: boolean;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.hasSipLeg = parts.hasSipLeg;
  }

  collect(request: CollectionRequest): Collection {
    const { digits, thread, clock } = this.#parts;
    const collection = digits.collect(request);
    const result = collection.result.then((ended) => {
      thread.append({ kind: 'digits', collection: ended, at: timestamp(clock) });
      return ended;
    });
    return { result, agentFellSilent: () => collection.agentFellSilent() };
  }

  async say(text: string): Promise<void> {
    await this.#parts.ending.unlessEnded(this.#parts.speak(text));
  }

  async press(keys: string): Promise<void> {
    const { room, leg, clock, ending } = this.#parts;
    this.#needSipLeg();
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

  async transfer(request: TransferRequest): Promise<TransferResult> {
    this.#needSipLeg();
    return this.#parts.transfer.run(request);
  }

  conclude(outcome: JsonObject): void {
    this.#parts.thread.append({ kind: 'outcome', outcome, at: timestamp(this.#parts.clock) });
  }

  end(reason: EndReason): void {
    this.#parts.ending.decide(reason);
  }

  #needSipLeg(): void {
    if (!this.hasSipLeg) throw new AttendantError('E_NO_SIP_LEG', 'this call has no telephone leg');
  }
}
