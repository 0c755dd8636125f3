import type { Clock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import type { Organization, ThreadId } from '../base/ids.ts';
import type { ThreadStart, TransferAttempt } from './entry.ts';
import { leasedOrganizationsKey, leaseKey, leasesKey, prefixOf } from './keys.ts';
import type { Redis } from './redis.ts';
import type { RoomOrder } from './room-agents.ts';
import { claim, giveUp, hold, lapse, release } from './lease-scripts.ts';

/** What somebody needs who takes a call over: it is with the lease, for the thread may be late. */
export interface HeldCall {
  readonly start: ThreadStart;
  /** Identities in the room: whom the agent talks to, and the agent itself. */
  readonly leg: string;
  readonly agent: string;
  /** The version of what it runs with (`definition-texts.ts`). */
  readonly definition: string;
  /** LiveKit's own id of the room. */
  readonly roomSid: string;
  /** Where the agent was sent to one participant of a room that may be others' too. */
  readonly order?: RoomOrder | undefined;
  /** The attempt of a transfer that is under way. */
  readonly transfer?: HeldTransfer | undefined;
}

/** Where the caller is being transferred to: the destination's name and address, and how. */
export interface HeldTransfer {
  readonly name: string;
  readonly to: string;
  readonly method: TransferAttempt['method'];
}

/** This process's hold of a call. */
export interface Lease {
  readonly epoch: number;
  /** Aborts when somebody else holds the call: this process is to leave it as it is. */
  readonly lost: AbortSignal;
  /** Notes the transfer that is under way, or that none is. */
  transferring(transfer: HeldTransfer | undefined): void;
  /** Whether the call is this process's still; true also where Redis does not say. */
  check(): Promise<boolean>;
  /** Leaves the call to another process, which may take it at once. @throws AttendantError as `Redis.run`; it is held on then */
  giveUp(): Promise<void>;
  /** The call is over. @throws AttendantError as `Redis.run`; it is released then when Redis is back */
  release(): Promise<void>;
}

/** A call that its holder is gone from, and that this process holds now. */
export interface Claimed {
  readonly call: HeldCall;
  readonly epoch: number;
  /** Its holder gave it up, and was well: the caller has noticed nothing. */
  readonly left: boolean;
}

/** How patient we are. Milliseconds. */
export interface LeasePace {
  /** A lease counts so long without being renewed. */
  readonly held: number;
  readonly renewEvery: number;
  /** Between the two looks that find it expired. */
  readonly secondMiss: number;
  /** For the process that claimed a call to renew its lease. */
  readonly claimed: number;
  /** After Redis came (back), in which nobody claims: the leases are as old as its absence. */
  readonly grace: number;
  /** For others to take what a process gave up, before it takes it itself again. */
  readonly others: number;
}
const PACE: LeasePace = {
  held: 2_000,
  renewEvery: 500,
  secondMiss: 700,
  claimed: 4_000,
  grace: 4_000,
  others: 5_000,
};
/** Expired leases looked at in one step. */
const LOOKED_AT = 50;

/**
 * Which process holds which call, in which epoch, by Redis's own clock. A lease that is not renewed may be claimed by another process, which
 * gets the next epoch; who finds a higher epoch than its own has lost the call.
 */
export interface Leases {
  /** Holds a call from now on, renewed by itself until it is released, lost or given up. */
  hold(call: HeldCall, epoch: number): Lease;
  /** Takes over one call whose holder is gone. @throws AttendantError as `Redis.run` */
  claim(): Promise<Claimed | undefined>;
  /** That process is gone for certain: what it held may be claimed at once. @throws AttendantError as `Redis.run` */
  lapse(holder: string): Promise<void>;
  close(): Promise<void>;
}

/** @param holder names this process. */
export function leasesIn(
  redis: Redis,
  { holder, clock, changes = {} }: { holder: string; clock: Clock; changes?: Partial<LeasePace> },
): Leases {
  const pace = { ...PACE, ...changes };
  const holds = new Set<Held>();
  const closing = new AbortController();
  let readyAt = Infinity;
  const announced = new Set<Organization>();
  const forget = redis.onReady(() => {
    readyAt = clock.elapsed();
    announced.clear(); // It may have come back empty.
  });
  const announce = async (organization: Organization) => {
    if (announced.has(organization)) return;
    await redis.run((client) => client.sAdd(leasedOrganizationsKey(), organization));
    announced.add(organization);
  };

  const renewing = async () => {
    for (;;) {
      await clock.sleep(pace.renewEvery, closing.signal);
      if (redis.ready) await Promise.all([...holds].map((one) => one.renew()));
    }
  };
  const renewed = renewing().catch(() => undefined);

  return {
    hold: (call, epoch) => {
      const held = new Held(call, epoch, {
        redis,
        holder,
        pace,
        announce,
        onOver: (one) => holds.delete(one),
      });
      holds.add(held);
      void held.renew();
      return held;
    },
    claim: async () => {
      if (!redis.ready || clock.elapsed() - readyAt < pace.grace) return undefined;
      const organizations = await redis.run((client) => client.sMembers(leasedOrganizationsKey()));
      for (const organization of organizations as Organization[]) {
        const found = (await claim(
          redis,
          [leasesKey(organization)],
          [
            prefixOf(organization),
            holder,
            ...[pace.claimed, pace.secondMiss, pace.others, LOOKED_AT].map(String),
            String(Math.max(pace.held, pace.claimed)),
          ],
        )) as [call: string, epoch: number, left: 0 | 1] | null;
        if (found) return { call: JSON.parse(found[0]) as HeldCall, epoch: found[1], left: found[2] === 1 };
      }
      return undefined;
    },
    lapse: async (gone) => {
      const organizations = await redis.run((client) => client.sMembers(leasedOrganizationsKey()));
      for (const organization of organizations as Organization[])
        await lapse(redis, [leasesKey(organization)], [prefixOf(organization), gone]);
    },
    close: async () => {
      forget();
      closing.abort(new Error('the leases are closed'));
      await renewed;
    },
  };
}

interface HeldParts {
  readonly redis: Redis;
  readonly holder: string;
  readonly pace: LeasePace;
  /** Puts the organization among those that have calls. */
  readonly announce: (organization: Organization) => Promise<void>;
  readonly onOver: (held: Held) => void;
}

class Held implements Lease {
  readonly epoch: number;
  readonly #parts: HeldParts;
  #last: Promise<void> = Promise.resolve();
  readonly #lost = new AbortController();
  #call: HeldCall;
  /** The call is over, and Redis is to know. */
  #releasing = false;
  #over = false;

  constructor(call: HeldCall, epoch: number, parts: HeldParts) {
    this.epoch = epoch;
    this.#call = call;
    this.#parts = parts;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  transferring(transfer: HeldTransfer | undefined): void {
    this.#call = { ...this.#call, transfer };
    void this.renew();
  }

  async check(): Promise<boolean> {
    await this.renew();
    return !this.lost.aborted;
  }

  async giveUp(): Promise<void> {
    if (this.#over) return;
    await this.#next(async () => {
      await giveUp(this.#parts.redis, this.#keys, this.#mine);
      this.#end();
    });
    this.#lost.abort(new AttendantError('E_CALL_TAKEN_OVER', 'the call was left to another worker'));
  }

  release(): Promise<void> {
    this.#releasing = true;
    return this.#next(() => this.#release());
  }

  /** Renews it, or begins it, or releases it where that is still to be done. Never rejects: a Redis that is away takes no lease from anyone. */
  renew(): Promise<void> {
    return this.#next(async () => {
      if (this.#over) return;
      if (this.#releasing) return this.#release();
      const { redis, pace, announce } = this.#parts;
      await announce(this.#call.start.organization);
      const args = [...this.#mine, String(pace.held), JSON.stringify(this.#call)];
      const isOurs = (await hold(redis, this.#keys, args)) === 1;
      if (isOurs) return;
      this.#end();
      this.#lost.abort(new AttendantError('E_CALL_TAKEN_OVER', 'another worker holds the call'));
    }).catch(() => undefined);
  }

  async #release(): Promise<void> {
    if (this.#over) return;
    await release(this.#parts.redis, this.#keys, this.#mine);
    this.#end();
  }

  /** One after the other: a lease that is being renewed must not come back after it was released. */
  #next(step: () => Promise<void>): Promise<void> {
    const done = this.#last.catch(() => undefined).then(step);
    this.#last = done;
    return done;
  }

  get #keys(): string[] {
    const { organization, id } = this.#call.start;
    return [leaseKey(organization, id), leasesKey(organization)];
  }

  get #mine(): [id: ThreadId, epoch: string, holder: string] {
    return [this.#call.start.id, String(this.epoch), this.#parts.holder];
  }

  #end(): void {
    this.#over = true;
    this.#parts.onOver(this);
  }
}
