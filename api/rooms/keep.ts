import { ParticipantInfo_Kind, type ParticipantInfo, type Room } from '@livekit/protocol';
import type { Clock } from '../../base/clock.ts';
import { asAttendantError, type ErrorCode } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { LiveKit } from '../../livekit/client.ts';
import { isOwnRoom } from '../../livekit/identities.ts';
import { WORKER_NAME } from '../../livekit/worker-name.ts';
import type { RoomAgent, RoomAgents } from '../../threads/room-agents.ts';
import { canHaveAgent, type RoomDispatch } from './room-dispatch.ts';
import { isFor, type RoomRule } from './rule-file.ts';
import type { TrunkLookup } from './trunk-lookup.ts';

/** How soon what webhooks did not tell is found. Milliseconds. */
const LOOK_EVERY = 5_000;
/** A room in which nothing was to be done is looked at again when somebody comes or goes, or so much later. */
const LOOK_AGAIN = 60_000;
const ASK_LIMIT = 5_000;
/** Rooms that are looked into at once. */
const ABREAST = 8;
/** Rooms that webhooks may have wait; the next look finds the others. */
const MOST_WAITING = 5_000;
/** What somebody else did meanwhile, or nobody can help. */
const EXPECTED: readonly ErrorCode[] = ['E_AGENT_PRESENT', 'E_ROOM_NOT_FOUND', 'E_PARTICIPANT_NOT_FOUND'];

interface Parts {
  readonly livekit: Pick<LiveKit, 'rooms'>;
  readonly dispatch: Pick<RoomDispatch, 'send' | 'dispatched'>;
  readonly roomAgents: Pick<RoomAgents, 'of' | 'withdraw'>;
  readonly trunks: TrunkLookup;
  readonly rules: () => readonly RoomRule[];
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Milliseconds; for tests. */
  readonly lookEvery?: number;
}

/**
 * Keeps an agent with everybody whom a rule of room-rules/ is for, exactly as long as they are there. What is true is what LiveKit's list of rooms says:
 * a webhook only says which room to look into now, so one that is lost, doubled, late or sent again does no harm. Several processes may look at once:
 * Redis lets one agent through.
 */
export class RoomKeeper {
  readonly #parts: Parts;
  /** Names of rooms that are to be looked into. */
  readonly #waiting = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  /** Rooms by their sid in which there was nothing to do, with how many were in them. */
  #settled = new Map<string, { count: number; at: number }>();
  /** Sids of rooms that LiveKit sends an agent of ours into by itself. */
  #leftAlone = new Set<string>();
  /** Agents whose participants were not there when their rooms were last looked into. */
  #lonely = new Set<string>();
  readonly #sending = new Set<string>();
  /** Resolves after the signal has aborted. */
  readonly ended: Promise<void>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.ended = this.#look();
  }

  /** Somebody has come to that room, or gone. */
  told(name: string): void {
    if (this.#waiting.size >= MOST_WAITING || this.#parts.rules().length === 0) return;
    this.#waiting.add(name);
    this.#work();
  }

  /** Looks into what waits, some at once. */
  #work(): void {
    const { signal } = this.#parts;
    while (!signal.aborted && this.#running.size < ABREAST) {
      const [name] = this.#waiting;
      if (name === undefined) return;
      this.#waiting.delete(name);
      const running: Promise<void> = this.#lookInto(name).finally(() => {
        this.#running.delete(running);
        this.#work();
      });
      this.#running.add(running);
    }
  }

  async #look(): Promise<void> {
    const { livekit, rules, clock, log, signal, lookEvery = LOOK_EVERY } = this.#parts;
    while (!signal.aborted) {
      try {
        if (rules().length > 0) this.#compare(await livekit.rooms.list(soon()));
      } catch (cause) {
        const { code, message } = asAttendantError(cause);
        log.debug({ code, cause: message }, 'rooms cannot be looked at just now');
      }
      await clock.sleep(lookEvery, signal).catch(() => undefined);
    }
    await Promise.all(this.#running);
  }

  #compare(rooms: readonly Room[]): void {
    const { clock } = this.#parts;
    const sids = new Set(rooms.map(({ sid }) => sid));
    this.#settled = new Map([...this.#settled].filter(([sid]) => sids.has(sid)));
    this.#leftAlone = new Set([...this.#leftAlone].filter((sid) => sids.has(sid)));
    this.#lonely = new Set([...this.#lonely].filter((one) => sids.has(one.split(' ')[0] ?? '')));
    for (const { sid, name, numParticipants } of rooms) {
      const settled = this.#settled.get(sid);
      const isSettled = settled?.count === numParticipants && clock.elapsed() - settled.at < LOOK_AGAIN;
      if (!isSettled && !this.#leftAlone.has(sid)) this.#waiting.add(name);
    }
    this.#work();
  }

  async #lookInto(name: string): Promise<void> {
    const { livekit, rules, clock, log } = this.#parts;
    if (isOwnRoom(name)) return;
    try {
      // A rule that names no room is for all.
      const [room] = await livekit.rooms.list(soon(), [name]);
      if (!room || this.#leftAlone.has(room.sid)) return;
      const there = await livekit.rooms.participants(name, soon());
      const settled = await this.#mend(room, there, rules());
      if (settled) this.#settled.set(room.sid, { count: room.numParticipants, at: clock.elapsed() });
      else this.#settled.delete(room.sid);
    } catch (cause) {
      const { code, message } = asAttendantError(cause);
      log.debug({ code, cause: message }, 'a room cannot be looked into just now');
    }
  }

  /** Does what is to be done in a room; true where that was nothing. */
  async #mend(room: Room, there: readonly ParticipantInfo[], rules: readonly RoomRule[]): Promise<boolean> {
    const { dispatch, roomAgents } = this.#parts;
    const wanted = (await Promise.all(there.map((who) => this.#ruleFor(room, who, rules)))).flatMap(
      (one) => one ?? [],
    );
    const { organization, agents } = await roomAgents.of(room.sid);
    const left = await this.#partLonely(room, there, agents);
    const missing = wanted.filter(({ who, rule }) => {
      const agent = agents.find(({ participant }) => participant === who.identity);
      if (organization !== undefined && organization !== rule.organization) return false;
      return agent === undefined || (agent.state === 'over' && agent.participantSid !== who.sid);
    });
    if (missing.length === 0) return left;
    if ((await dispatch.dispatched(room.name)) !== undefined) {
      this.#leftAlone.add(room.sid);
      return true;
    }
    // One that nobody knows of yet: Redis has lost it, or it has just come.
    if (there.some((one) => isOurs(one) && !agents.some(({ identity }) => identity === one.identity)))
      return false;
    await Promise.all(missing.map(({ who, rule }) => this.#send(room, who, rule)));
    return false;
  }

  async #ruleFor(room: Room, who: ParticipantInfo, rules: readonly RoomRule[]) {
    if (!canHaveAgent(who)) return undefined;
    const { attributes, identity, kind } = who;
    const isSip = kind === ParticipantInfo_Kind.SIP;
    const trunk = attributes['sip.trunkID'];
    const byTrunk = trunk !== undefined && rules.some(({ when }) => when.trunk !== undefined);
    const trunkName = byTrunk ? await this.#parts.trunks.nameOf(trunk) : undefined;
    const rule = rules.find((one) => isFor(one, { room: room.name, identity, isSip, attributes, trunkName }));
    return rule && { who, rule };
  }

  async #send({ sid, name }: Room, who: ParticipantInfo, rule: RoomRule): Promise<void> {
    const { dispatch, log } = this.#parts;
    const key = `${sid} ${who.sid}`;
    if (this.#sending.has(key)) return;
    this.#sending.add(key);
    try {
      const { agent, vars, overrides } = rule;
      const by = { kind: 'rule', rule: rule.name } as const;
      const request = { agent, participant: who.identity, by, vars, overrides, again: false };
      await dispatch.send(rule.organization, name, request);
    } catch (thrown) {
      const { code, message } = asAttendantError(thrown);
      const level = EXPECTED.includes(code) ? 'debug' : 'warn';
      log[level](
        { code, rule: rule.name, cause: message },
        'a room rule could not send its agent; it is tried again',
      );
    } finally {
      this.#sending.delete(key);
    }
  }

  /**
   * Has agents go whose participants have gone, should they not have seen it. Only at the second look: somebody may reconnect. True where there is none.
   */
  async #partLonely(
    room: Room,
    there: readonly ParticipantInfo[],
    agents: readonly RoomAgent[],
  ): Promise<boolean> {
    const { livekit, roomAgents, log } = this.#parts;
    let none = true;
    for (const agent of agents) {
      const { id, participant, identity, state, by } = agent;
      const key = `${room.sid} ${id}`;
      const isLonely =
        state !== 'over' && by.kind !== 'dispatch' && !there.some((one) => one.identity === participant);
      if (!isLonely) {
        this.#lonely.delete(key);
        continue;
      }
      none = false;
      if (state === 'waiting') await roomAgents.withdraw(agent, id);
      else if (!this.#lonely.has(key)) this.#lonely.add(key);
      else if (identity !== null && there.some((one) => one.identity === identity)) {
        log.warn({ call: id }, 'an agent is there for nobody; it is removed');
        await livekit.rooms.removeParticipant(room.name, identity, soon());
      }
    }
    return none;
  }
}

const isOurs = ({ kind, attributes }: ParticipantInfo) =>
  kind === ParticipantInfo_Kind.AGENT && attributes['lk.agent.name'] === WORKER_NAME;

const soon = () => AbortSignal.timeout(ASK_LIMIT);
