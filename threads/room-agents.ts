import type { AgentName, KeyId, Organization, ThreadId, Uid } from '../base/ids.ts';
import { roomKey } from './keys.ts';
import type { Redis } from './redis.ts';
import { claim, leave, over, read, take, withdraw, type Fields } from './room-agent-scripts.ts';

/** Who sent an agent into a room: its dispatch rule, a request to the API, or a rule of room-rules/. */
export type SentBy =
  | { readonly kind: 'dispatch' }
  | { readonly kind: 'api'; readonly key: KeyId }
  | { readonly kind: 'rule'; readonly rule: string };

/** Somebody in a room whom an agent is there for. */
export interface Place {
  /** The room's id, `RM_…`. */
  readonly room: string;
  /** The participant's identity. */
  readonly participant: string;
}

/** An agent that is to go into a room for one participant. */
export interface RoomOrder extends Place {
  /** The thread's, from the first moment on. */
  readonly id: ThreadId;
  readonly organization: Organization;
  readonly agent: AgentName;
  /** The participant's own id, `PA_…`: who leaves and comes back has another one. */
  readonly participantSid: string;
  readonly by: SentBy;
  readonly uid?: Uid | undefined;
  readonly vars?: Readonly<Record<string, string>> | undefined;
  /** What differs from the agent's definition, as agent/definition/overrides.ts has it. */
  readonly overrides?: Readonly<Record<string, unknown>> | undefined;
}

/** An agent in a room. */
export interface RoomAgent extends RoomOrder {
  /** `waiting` for a worker, `joining` with one, `there`, or `over`. */
  readonly state: 'waiting' | 'joining' | 'there' | 'over';
  /** The agent's own identity in the room; null until a worker has it. */
  readonly identity: string | null;
}

/** What came of an attempt to have a participant for oneself. */
export type Claimed =
  | { readonly how: 'claimed' }
  /** An agent is there, or on its way, or was (`over`) and is not to be followed by another. */
  | { readonly how: 'taken'; readonly id: ThreadId }
  /** The room is another organization's. */
  | { readonly how: 'foreign' };

/** How patient we are. Milliseconds. */
export interface RoomPace {
  /** For a worker to take an order, and to join with it. */
  readonly takenWithin: number;
  /** That an agent counts which nobody holds any longer: its worker has died. */
  readonly held: number;
}
const PACE: RoomPace = { takenWithin: 15_000, held: 20_000 };
/** How often an agent is held by its worker. */
export const HOLD_AGENT_EVERY = 5_000;
/** A call can be that long; so long is known whose the room is, and who was served in it. */
const REMEMBERED = 90_000_000;

/** Which agents are in which rooms, for whom: one for each participant, whoever sends them. All methods reject as `Redis.run`. */
export interface RoomAgents {
  /**
   * Has a participant for an agent that is to come. `again`: also one who was served before and has not left since.
   */
  order(order: RoomOrder, options: { again: boolean }): Promise<Claimed>;
  /** Takes an order back that no worker has taken; false where one has. */
  withdraw(place: Place, id: ThreadId): Promise<boolean>;
  /** Hands the order to one worker, once; undefined where another one has it, or it was taken back. */
  take(place: Place, id: ThreadId): Promise<RoomOrder | undefined>;
  /** The agent is there: to be said again every `HOLD_AGENT_EVERY`. `taken` where another agent has the participant. */
  hold(order: RoomOrder, identity: string): Promise<Claimed>;
  /** The agent is out of it; `served`: no rule is to send another one for as long as the participant stays. */
  over(place: Place, id: ThreadId, options: { served: boolean }): Promise<void>;
  /** Whose the room is, and its agents, those that are over too. */
  of(room: string): Promise<{ organization: Organization | undefined; agents: readonly RoomAgent[] }>;
}

export function roomAgentsIn(redis: Redis, changes: Partial<RoomPace> = {}): RoomAgents {
  const { takenWithin, held } = { ...PACE, ...changes };
  const put = async (
    order: RoomOrder,
    state: RoomAgent['state'],
    options: { ttl: number; identity?: string; again: boolean },
  ): Promise<Claimed> => {
    const { room, participant, id, organization, participantSid } = order;
    const { ttl, identity = '', again } = options;
    const [how, other] = (await claim(
      redis,
      [roomKey(room)],
      [
        ...[participant, organization, id, state, String(ttl), participantSid, identity],
        ...[JSON.stringify(order), again ? '1' : '0', String(REMEMBERED)],
      ],
    )) as [Claimed['how'], string];
    return how === 'taken' ? { how, id: other as ThreadId } : { how };
  };
  return {
    order: (order, { again }) => put(order, 'waiting', { ttl: takenWithin, again }),
    hold: (order, identity) => put(order, 'there', { ttl: held, identity, again: true }),
    withdraw: async ({ room, participant }, id) =>
      (await withdraw(redis, [roomKey(room)], [participant, id])) === 1,
    take: async ({ room, participant }, id) => {
      const found = (await take(redis, [roomKey(room)], [participant, id, String(takenWithin)])) as
        string | null;
      return found === null ? undefined : (JSON.parse(found) as RoomOrder);
    },
    over: async ({ room, participant }, id, { served }) => {
      const keys = [roomKey(room)];
      await (served
        ? over(redis, keys, [participant, id, String(REMEMBERED)])
        : leave(redis, keys, [participant, id]));
    },
    of: async (room) => {
      const [organization, rows] = (await read(redis, [roomKey(room)], [])) as [string | null, Fields[]];
      const agents = rows.map(([order, state, identity]): RoomAgent => ({
        ...(JSON.parse(order) as RoomOrder),
        state: state as RoomAgent['state'],
        identity: identity === '' ? null : identity,
      }));
      return { organization: (organization ?? undefined) as Organization | undefined, agents };
    },
  };
}
