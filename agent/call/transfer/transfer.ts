import { timestamp } from '../../../base/clock.ts';
import { AttendantError } from '../../../base/errors.ts';
import type { ThreadWriter, TransferAttempt } from '../../../threads/entry.ts';
import type { HeldTransfer } from '../../../threads/leases.ts';
import type { Destination } from '../../definition/definition.ts';
import type { TransferRequest, TransferResult } from '../../tools/tool.ts';
import { bridge } from './bridge.ts';
import type { Dialed } from './callee.ts';
import type { OnCall } from './on-call.ts';
import { planOf, type Step } from './plan.ts';
import { refer } from './refer.ts';
import { classify, type Verdict } from './result.ts';
import { warm } from './warm.ts';

interface Parts extends OnCall {
  readonly thread: ThreadWriter;
  /** The agent listens to the caller, or does not while others do. */
  readonly listen: (on: boolean) => void;
  /** Told which attempt is under way, and when none is any more, for who takes the call over. */
  readonly underWay: (attempt: HeldTransfer | undefined) => void;
}

/** The transfers of one call: one at a time, and none once the call ends or has been handed over. */
export class Transfer {
  readonly #parts: Parts;
  #state: 'with the agent' | 'playing out' | 'attempting' | 'transferred' = 'with the agent';
  #callee: string | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Who the caller talks to in this room now; undefined where the call has left us, or never did. */
  get callee(): string | undefined {
    return this.#callee;
  }

  /** Others than the agent are busy with the caller, or will be at once. */
  get underWay(): boolean {
    return this.#state !== 'with the agent';
  }

  /** speaking ▸ playing out ▸ attempting ▸ transferred, or the next attempt of the plan, or back to the agent. */
  async run({ to, destinations, handover, playedOut }: TransferRequest): Promise<TransferResult> {
    const { thread, clock, ending, caller } = this.#parts;
    if (this.#state !== 'with the agent')
      throw new AttendantError('E_TRANSFER_RUNNING', 'a transfer is already running');
    ending.throwIfAborted();
    this.#state = 'playing out';
    try {
      await playedOut();
      ending.throwIfAborted();
      this.#state = 'attempting';
      const attempts: TransferAttempt[] = [];
      for (const step of planOf(to, destinations, caller)) {
        const told = Object.keys(handover ?? {}).length > 0 ? { handover } : {};
        const attempt = { ...(await this.#attempt(step)), ...told };
        attempts.push(attempt);
        thread.append({ kind: 'transfer', attempt, at: timestamp(clock) });
        if (attempt.status === 'completed') this.#state = 'transferred';
        if (attempt.status === 'completed' || ending.aborted) break;
      }
      const last = attempts.at(-1);
      if (!last) throw new AttendantError('E_DESTINATION_UNKNOWN', 'that is not a destination of this agent');
      return { last, attempts };
    } finally {
      if (this.#state !== 'transferred') {
        this.#state = 'with the agent';
        this.#parts.underWay(undefined);
      }
    }
  }

  async #attempt({ name, destination, loops }: Step): Promise<TransferAttempt> {
    const { clock, underWay } = this.#parts;
    const began = clock.elapsed();
    if (!loops) underWay({ name, to: destination.to, method: destination.method });
    const verdict = loops ? classify({ over: 'unsent', cause: 'loop' }) : await this.#try(destination);
    const { method, to } = destination;
    return { ...verdict, method, to, seconds: Math.round((clock.elapsed() - began) / 10) / 100 };
  }

  async #try(destination: Destination): Promise<Verdict> {
    switch (destination.method) {
      case 'refer':
        return refer(this.#parts, destination);
      case 'bridge':
        return this.#keepingCaller(() => bridge(this.#parts, destination));
      case 'warm':
        return this.#keepingCaller(() => warm(this.#parts, destination));
      default:
        return destination.method satisfies never;
    }
  }

  /** Somebody else is called into the room: the agent does not listen meanwhile, and no more once they are joined. */
  async #keepingCaller(attempt: () => Promise<Dialed>): Promise<Verdict> {
    this.#parts.listen(false);
    const { verdict, identity } = await attempt();
    this.#callee = identity;
    if (identity === undefined) this.#parts.listen(true);
    return verdict;
  }
}
