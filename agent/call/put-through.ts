import type { EndReason, TransferAttempt } from '../../threads/entry.ts';
import { asAttendantError, AttendantError } from '../../base/errors.ts';
import type { Destination } from '../definition/definition.ts';
import type { JsonObject, Line } from '../tools/tool.ts';
import type { Hush } from './commands/hush.ts';
import type { Ending } from './ending.ts';
import type { Patience } from './patience.ts';
import type { Log } from '../../base/log.ts';
import type { Transcript } from './transcript.ts';
import type { Voice } from './voice.ts';

interface Parts {
  readonly voice: Voice;
  readonly line: Line;
  /** Where the caller may be sent: what the definition lists, by name, rendered. */
  readonly destinations: ReadonlyMap<string, Destination>;
  readonly hush: Hush;
  readonly patience: Patience;
  readonly ending: Ending;
  /** A tool runs: what it comes to leads to the model's next word. */
  readonly toolsBusy: () => boolean;
  readonly transcript: Transcript;
  readonly log: Log;
}

/** Who has the caller put through, and when the agent's words before it are over. */
interface Order {
  readonly to: string;
  /** As the agent is told where it fails: `A supervisor`. */
  readonly asker: string;
  readonly reason: EndReason['reason'];
  readonly playedOut: () => Promise<void>;
}

/** Transfers that the model did not ask for: a supervisor's, a rule's. They go where transfer_call may go, and by the same ways. */
export class PutThrough {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * The agent keeps silent meanwhile. Where it fails the agent is told, and goes on with the caller.
   *
   * @param attempted told when it is over, before anyone acts on that.
   * @returns the last attempt, with all of them where there were several.
   * @throws AttendantError E_DESTINATION_UNKNOWN, or E_TRANSFER_RUNNING and the like where it could not begin.
   */
  async run(
    { to, asker, reason, playedOut }: Order,
    attempted: () => void = () => undefined,
  ): Promise<JsonObject> {
    const { line, voice, hush, destinations, ending } = this.#parts;
    if (!destinations.has(to))
      throw new AttendantError('E_DESTINATION_UNKNOWN', 'that is not a destination of this agent');
    hush.begin('transfer');
    let last: TransferAttempt;
    let attempts: readonly TransferAttempt[];
    try {
      ({ last, attempts } = await line.transfer({ to, destinations, playedOut }));
    } finally {
      hush.end('transfer');
    }
    attempted();
    if (last.status === 'completed') {
      line.end({ result: 'transferred', reason });
    } else if (!ending.begun.aborted) {
      const told = `${asker} tried to put the caller through to ${to}. It failed: ${last.status}. The caller is back with you.`;
      voice.tell(told, { recorded: told });
      this.reply();
    }
    return { ...last, ...(attempts.length > 1 ? { attempts } : {}) };
  }

  /** Where a rule sends the caller, once the greeting is said. Never rejects. */
  atOnce(to: string, said: Promise<void>): Promise<void> {
    return this.#unasked({ to, asker: 'A rule', reason: 'route', playedOut: () => said });
  }

  /** The transfer that the agent before began, of whom this one took the call over. Never rejects. */
  again(to: string): Promise<void> {
    const playedOut = () => Promise.resolve();
    return this.#unasked({ to, asker: 'You', reason: 'transfer_call', playedOut });
  }

  async #unasked(order: Order): Promise<void> {
    const { ending, transcript, log } = this.#parts;
    const { to } = order;
    try {
      await this.run(order);
    } catch (thrown) {
      if (ending.begun.aborted) return;
      const { code } = asAttendantError(thrown);
      log.warn({ code, pii: { error: thrown } }, 'a caller could not be put through');
      transcript.warning(code, to);
      this.reply();
    }
  }

  /** The agent speaks, unless it is to keep silent, or will speak anyway. */
  reply(): void {
    const { hush, voice, patience, toolsBusy } = this.#parts;
    if (hush.on || toolsBusy()) return;
    patience.stirred();
    voice.reply({});
  }
}
