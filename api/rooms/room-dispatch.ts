import { ParticipantInfo_Kind, type ParticipantInfo, type Room } from '@livekit/protocol';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Definitions } from '../../agent/definition/definitions.ts';
import { overridden, type Overrides } from '../../agent/definition/overrides.ts';
import type { Clock } from '../../base/clock.ts';
import { asAttendantError, AttendantError, type ErrorCode } from '../../base/errors.ts';
import {
  isOrganization,
  newThreadId,
  type AgentName,
  type KeyId,
  type Organization,
  type ThreadId,
  type Uid,
} from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { LiveKit } from '../../livekit/client.ts';
import { isCallee, isSideCallRoom } from '../../livekit/identities.ts';
import { refusalOf } from '../../livekit/twirp.ts';
import { WORKER_NAME } from '../../livekit/worker-name.ts';
import type { Place, RoomAgent, RoomOrder, SentBy } from '../../threads/room-agents.ts';
import { orderedIn, orderMetadata } from '../../threads/room-order-metadata.ts';
import type { Threads } from '../../threads/store.ts';
import { AgentPresent } from '../problem.ts';

/** Milliseconds. */
const ASK_LIMIT = 5_000;
const LOOK_EVERY = 100;
/** For a worker to take the order; LiveKit is asked for one again half way. */
const TAKEN_WITHIN = 8_000;
const SEND_AGAIN = 4_000;
/** For a worker that has it to join. */
const JOINED_WITHIN = 15_000;
const LEAVE_BEGINS_WITHIN = 5_000;
const LEAVE_WITHIN = 15_000;

/** An agent that somebody wants in a room. */
export interface AgentRequest {
  readonly agent: AgentName;
  /** Identity of the participant whom it is to be there for. */
  readonly participant: string;
  readonly by: SentBy;
  readonly uid?: Uid | undefined;
  readonly vars?: Readonly<Record<string, string>> | undefined;
  readonly overrides?: Overrides | undefined;
  /** Also for a participant whom an agent has served before, and who has not left since. */
  readonly again: boolean;
}

interface Parts {
  readonly threads: Pick<Threads, 'roomAgents' | 'commands' | 'workers'>;
  readonly definitions: Definitions;
  readonly livekit: Pick<LiveKit, 'rooms' | 'dispatch'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Whether an agent can be there for a participant: not for another agent, what records, or whom an agent dialed. */
export function canHaveAgent({ kind, identity }: Pick<ParticipantInfo, 'kind' | 'identity'>): boolean {
  const isPerson = kind === ParticipantInfo_Kind.STANDARD || kind === ParticipantInfo_Kind.SIP;
  return isPerson && !isCallee(identity);
}

/** What dispatch rules say in the metadata of our agents, as the worker reads it. */
const ruleMetadata = z.object({ organization: z.string().refine(isOrganization) });

/**
 * Puts agents into rooms and takes them out. Whoever asks, and in however many processes at once: each participant has one agent at most, which
 * Redis decides (threads/room-agents.ts).
 */
export class RoomDispatch {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Resolves when the agent is in the room. Where none comes nothing is left behind.
   *
   * @throws AttendantError E_ROOM_NOT_FOUND, E_PARTICIPANT_NOT_FOUND, E_AGENT_PRESENT, E_DEFINITION_NOT_FOUND, E_DEFINITION_INVALID,
   *   E_BAD_REQUEST for overrides that do not fit, E_NO_WORKER, E_WORKER_FULL, E_CALL_OVER, and as `Redis.run` and `Twirp.request`
   */
  async send(organization: Organization, name: string, request: AgentRequest): Promise<RoomAgent> {
    const { definitions, threads, clock, log } = this.#parts;
    const { agent, participant, again, by, uid, vars, overrides = {} } = request;
    overridden(definitions.get(agent).definition, overrides);
    const { room, agents } = await this.#roomOf(organization, name);
    const there = await this.#participants(name);
    const who = there.find(({ identity }) => identity === participant);
    if (!who || !canHaveAgent(who))
      throw new AttendantError('E_PARTICIPANT_NOT_FOUND', 'nobody of that identity is in the room');
    const present = agents.find((one) => one.participant === participant && one.state !== 'over');
    if (present) throw new AgentPresent(present.id);
    if ((await threads.workers.count()) === 0)
      throw new AttendantError('E_NO_WORKER', 'no worker is registered');
    const id = newThreadId(clock.now());
    const order: RoomOrder = {
      ...{ room: room.sid, participant, participantSid: who.sid, id, organization, agent, by },
      ...{ uid, vars, overrides },
    };
    const claimed = await threads.roomAgents.order(order, { again });
    if (claimed.how === 'taken') throw new AgentPresent(claimed.id);
    if (claimed.how === 'foreign') throw noRoom();
    log.info({ call: id, agent, by: by.kind }, 'an agent is sent into a room');
    return this.#arrival(order, name);
  }

  /** The agents that are in the room, or on their way. @throws AttendantError E_ROOM_NOT_FOUND, and as `Redis.run` and `Twirp.request` */
  async list(organization: Organization, name: string): Promise<RoomAgent[]> {
    const { agents } = await this.#roomOf(organization, name);
    return agents.filter(({ state }) => state !== 'over');
  }

  /**
   * Ends the agent's part. Resolves when it is out of the room; its participant stays, unless `hangUp`.
   *
   * @throws AttendantError E_ROOM_NOT_FOUND, E_AGENT_NOT_FOUND, E_COMMAND_UNANSWERED, and as `Redis.run` and `Twirp.request`
   */
  async takeOut(
    { organization, key, signal }: { organization: Organization; key: KeyId; signal: AbortSignal },
    name: string,
    { id, hangUp }: { id: string; hangUp: boolean },
  ): Promise<void> {
    const { threads, livekit } = this.#parts;
    const { room, agents } = await this.#roomOf(organization, name);
    const agent = agents.find((one) => one.id === id && one.state !== 'over');
    if (!agent) throw new AttendantError('E_AGENT_NOT_FOUND', 'no agent of that id is in the room');
    if (!(await threads.roomAgents.withdraw(agent, agent.id))) {
      const joined = await this.#found(agent, ({ state }) => state !== 'joining', JOINED_WITHIN);
      if (joined) await this.#leave(joined, name, { key, signal });
      await this.#left({ ...agent, room: room.sid }, name);
    }
    if (hangUp) await livekit.rooms.removeParticipant(name, agent.participant, soon());
  }

  /** The room, where it is the organization's or nobody's yet. @throws AttendantError E_ROOM_NOT_FOUND */
  async #roomOf(
    organization: Organization,
    name: string,
  ): Promise<{ room: Room; agents: readonly RoomAgent[] }> {
    const { livekit, threads } = this.#parts;
    const [room] = await livekit.rooms.list(soon(), [name]);
    if (!room || isSideCallRoom(name)) throw noRoom();
    const { organization: known, agents } = await threads.roomAgents.of(room.sid);
    const owner = known ?? (await this.dispatched(name));
    if (owner !== undefined && owner !== organization) throw noRoom();
    return { room, agents };
  }

  /** The organization whose agent LiveKit sends into the room by itself; undefined where it sends none of ours. */
  async dispatched(name: string): Promise<Organization | undefined> {
    const dispatches = await unlessGone(this.#parts.livekit.dispatch.list(name, soon()), []);
    const found = dispatches.find(
      ({ agentName, metadata }) => agentName === WORKER_NAME && orderedIn(metadata) === undefined,
    );
    return found && organizationIn(found.metadata);
  }

  #participants(name: string): Promise<ParticipantInfo[]> {
    return unlessGone(this.#parts.livekit.rooms.participants(name, soon()), []);
  }

  /** Has LiveKit send an agent, and waits for it. LiveKit does not say whether one comes: the order shows it. */
  async #arrival(order: RoomOrder, name: string): Promise<RoomAgent> {
    const { threads, livekit, clock, log } = this.#parts;
    const { id } = order;
    const sent: string[] = [];
    const isTaken = ({ state }: RoomAgent) => state !== 'waiting';
    let trouble: AttendantError | undefined;
    for (const end of [clock.elapsed() + SEND_AGAIN, clock.elapsed() + TAKEN_WITHIN]) {
      try {
        const dispatch = await livekit.dispatch.create(name, WORKER_NAME, orderMetadata(order), soon());
        sent.push(dispatch.id);
      } catch (thrown) {
        trouble = asAttendantError(thrown);
      }
      if (await this.#found(order, isTaken, end - clock.elapsed())) break;
    }
    if (await threads.roomAgents.withdraw(order, id)) {
      for (const one of sent) await livekit.dispatch.delete(name, one, soon()).catch(() => undefined);
      log.warn({ call: id, code: trouble?.code }, 'no worker took an agent into a room');
      const none = (await threads.workers.count()) === 0;
      throw trouble ?? new AttendantError(none ? 'E_NO_WORKER' : 'E_WORKER_FULL', 'no worker took the order');
    }
    const joined = await this.#found(
      order,
      ({ state }) => state === 'there' || state === 'over',
      JOINED_WITHIN,
    );
    if (!joined) throw new AttendantError('E_PARTICIPANT_NOT_FOUND', 'the participant has left meanwhile');
    if (joined.state === 'there') return joined;
    throw new AttendantError('E_CALL_OVER', `the agent had no talk to begin; its thread is ${id}`);
  }

  /** The agent of that order, as soon as it is so; undefined where it is not in time, or is there no longer. */
  async #found(
    { room, id }: Place & { id: ThreadId },
    isSo: (agent: RoomAgent) => boolean,
    ms: number,
  ): Promise<RoomAgent | undefined> {
    const { threads, clock } = this.#parts;
    const end = clock.elapsed() + ms;
    for (;;) {
      const { agents } = await threads.roomAgents.of(room);
      const agent = agents.find((one) => one.id === id);
      if (!agent || isSo(agent)) return agent;
      if (clock.elapsed() >= end) return undefined;
      await clock.sleep(LOOK_EVERY);
    }
  }

  /** Has the worker end the agent's part; where none answers the agent is removed from the room. */
  async #leave(
    { id, organization, identity, participant, room }: RoomAgent,
    name: string,
    { key, signal }: { key: KeyId; signal: AbortSignal },
  ): Promise<void> {
    const { threads, livekit, log } = this.#parts;
    const command = {
      kind: 'leave',
      arguments: {},
      id: `cmd_${randomBytes(16).toString('hex')}`,
      by: key,
    } as const;
    const wait = { reply: LEAVE_WITHIN, begin: LEAVE_BEGINS_WITHIN, signal };
    try {
      await threads.commands.give({ organization, id }, command, wait);
    } catch (thrown) {
      const { code } = asAttendantError(thrown);
      if (ENDS_BY_ITSELF.includes(code)) return;
      if (!UNHEARD.includes(code)) throw thrown;
      log.warn({ call: id, code }, 'an agent does not leave; it is removed from the room');
      if (identity !== null) await livekit.rooms.removeParticipant(name, identity, soon());
      await threads.roomAgents.over({ room, participant }, id, { served: true });
    }
  }

  /** Resolves when the agent is in the room no more. @throws AttendantError E_COMMAND_UNANSWERED */
  async #left(agent: RoomAgent, name: string): Promise<void> {
    const { threads, clock } = this.#parts;
    const end = clock.elapsed() + LEAVE_WITHIN;
    for (;;) {
      const { agents } = await threads.roomAgents.of(agent.room);
      const now = agents.find(({ id }) => id === agent.id);
      const identity = now?.identity ?? agent.identity;
      const isOver = now === undefined || now.state === 'over';
      if (isOver && !(await this.#participants(name)).some((one) => one.identity === identity)) return;
      if (clock.elapsed() >= end)
        throw new AttendantError('E_COMMAND_UNANSWERED', 'the agent is still there');
      await clock.sleep(LOOK_EVERY);
    }
  }
}

const ENDS_BY_ITSELF: readonly ErrorCode[] = ['E_CALL_OVER', 'E_CALL_ENDING', 'E_THREAD_NOT_FOUND'];
const UNHEARD: readonly ErrorCode[] = ['E_COMMAND_UNTAKEN', 'E_COMMAND_UNANSWERED'];

const soon = () => AbortSignal.timeout(ASK_LIMIT);
const noRoom = () => new AttendantError('E_ROOM_NOT_FOUND', 'no room has this name');

/** What is asked about a room, or `otherwise` where it has closed meanwhile. */
async function unlessGone<T>(request: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await request;
  } catch (error) {
    if (refusalOf(error)?.twirpCode !== 'not_found') throw error;
    return otherwise;
  }
}

function organizationIn(metadata: string): Organization {
  try {
    const found = ruleMetadata.safeParse(JSON.parse(metadata)).data;
    if (found) return found.organization;
  } catch {
    // Somebody else's: the worker takes it for nobody's in particular too.
  }
  return 'default' as Organization;
}
