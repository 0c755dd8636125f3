import type { JobContext } from '@livekit/agents';
import { within } from '../../base/within.ts';
import { agentIdentity } from '../../livekit/identities.ts';
import { HOLD_AGENT_EVERY, type RoomOrder } from '../../threads/room-agents.ts';
import { orderedIn } from '../../threads/room-order-metadata.ts';
import type { Exchange } from './exchange.ts';
import type { Party } from './party.ts';

/** Milliseconds. A call does not wait for a Redis that is away. */
const CLAIM_LIMIT = 1_000;
const OVER_LIMIT = 2_000;

/** The agent's identity in the job's room. */
export function identityOf({ job }: Pick<JobContext, 'job'>): string {
  return agentIdentity(orderedIn(job.metadata)?.id ?? job.id);
}

/**
 * That this agent is there for its participant, so that nobody sends a second one: held in Redis for as long as the call runs, and known there
 * as over when it is.
 */
export class Presence {
  readonly #order: RoomOrder;
  readonly #identity: string;
  readonly #exchange: Exchange;
  readonly #over = new AbortController();

  private constructor(order: RoomOrder, identity: string, exchange: Exchange) {
    this.#order = order;
    this.#identity = identity;
    this.#exchange = exchange;
    void this.#hold();
  }

  /** Undefined where another agent has the participant already: this one is to leave. With Redis away nobody can know, and the call goes on. */
  static async of(party: Party, job: JobContext, exchange: Exchange): Promise<Presence | undefined> {
    const { id, organization, agent } = party.choice.start;
    const order: RoomOrder = {
      room: job.job.room?.sid ?? '',
      participant: party.leg.identity,
      participantSid: party.leg.sid ?? '',
      id,
      organization,
      agent,
      by: { kind: 'dispatch' },
      ...party.order,
    };
    const identity = identityOf(job);
    const { clock, log } = exchange;
    try {
      const claim = exchange.roomAgents.hold(order, identity);
      const { how } = await within(claim, CLAIM_LIMIT, { what: 'the claim of a participant', clock });
      if (how === 'taken') return undefined;
    } catch (error) {
      log.debug({ call: id, pii: { error } }, 'nobody can be told that an agent is there');
    }
    return new Presence(order, identity, exchange);
  }

  /** Another worker's agent is there in this one's place. */
  leave(): void {
    this.#over.abort(new Error('another worker has the call'));
  }

  /** The agent is out of it. `served`: no rule is to send another one after it. */
  async over(options: { served: boolean }): Promise<void> {
    this.#over.abort(new Error('the call is over'));
    const { roomAgents, clock, log } = this.#exchange;
    const told = roomAgents.over(this.#order, this.#order.id, options);
    await within(told, OVER_LIMIT, { what: 'the end of a claim', clock }).catch((error: unknown) =>
      log.debug({ call: this.#order.id, pii: { error } }, 'nobody can be told that an agent has left'),
    );
  }

  async #hold(): Promise<void> {
    const { clock, roomAgents } = this.#exchange;
    const { signal } = this.#over;
    const held = async (): Promise<void> => {
      await clock.sleep(HOLD_AGENT_EVERY, signal);
      await roomAgents.hold(this.#order, this.#identity).catch(() => undefined);
      return held();
    };
    await held().catch(() => undefined);
  }
}
