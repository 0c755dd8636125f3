import type { Definitions } from '../../agent/definition/definitions.ts';
import { permitted } from '../../agent/definition/dialable.ts';
import { timestamp, type Clock } from '../../base/clock.ts';
import { asAttendantError, AttendantError } from '../../base/errors.ts';
import { type AgentName, newThreadId, type Organization, type Uid } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { OutboundLimits } from '../../config.ts';
import type { LiveKit } from '../../livekit/client.ts';
import { outboundRoom } from '../../livekit/identities.ts';
import { WORKER_NAME } from '../../livekit/worker-name.ts';
import type { EndReason } from '../../threads/entry.ts';
import { type Order, OverLimit } from '../../threads/orders.ts';
import type { Threads } from '../../threads/store.ts';
import { ComeAgain } from '../problem.ts';

/** Milliseconds. */
const WRITE_LIMIT = 5_000;
const SEND_LIMIT = 5_000;
/** After which LiveKit closes the room where nobody comes: more than a worker gets to take the order. */
const ROOM_EMPTY = 30_000;
const LOOK_EVERY = 1_000;
/** After which it may be worth to ask again where an agent has dialed as much as it may: within the hour, or over the trunk. */
const HOUR_WAIT = 60_000;
const TRUNK_WAIT = 5_000;

/** A call that somebody asks for. */
export interface CallRequest {
  readonly to: string;
  readonly agent: AgentName;
  readonly trunk?: string | undefined;
  readonly caller_id?: string | undefined;
  readonly vars: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly uid?: Uid | undefined;
  /** Seconds. */
  readonly ring_timeout?: number | undefined;
}

/** As the worker dials it. */
const addressOf = ({ caller }: Order['start'], trunk: string | null): string =>
  trunk === null ? caller.dialed : `tel:${caller.dialed}`;

interface Parts {
  readonly threads: Threads;
  readonly definitions: Definitions;
  readonly livekit: LiveKit;
  readonly limits: OutboundLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * The calls that agents are to make. A call is an order in Redis and a room to which LiveKit sends an agent, whose worker takes the order and
 * dials: so it is dialed at most once, and any process of the API looks after it until a worker has it.
 */
export class OutboundCalls {
  readonly #parts: Parts;
  /** Resolves after the signal has aborted. */
  readonly ended: Promise<void>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.ended = this.#lookAfter();
  }

  /**
   * Takes a call on. Its thread is there when this resolves.
   *
   * @throws AttendantError E_OUTBOUND_REFUSED, E_OUTBOUND_LIMIT, E_DIAL_LIMIT, E_DEFINITION_NOT_FOUND, E_DEFINITION_INVALID, and as `Redis.run`
   */
  async place(organization: Organization, request: CallRequest): Promise<Order> {
    const { threads, limits, log } = this.#parts;
    const order = this.order(organization, request);
    await this.#mayDial(order);
    try {
      await threads.orders.place(order, limits);
    } catch (thrown) {
      const { code, message, cause } = asAttendantError(thrown);
      if (cause instanceof OverLimit) throw new ComeAgain(code, message, cause.wait);
      throw thrown;
    }
    await this.#begin(order);
    log.info({ call: order.start.id, agent: request.agent }, 'a call is to be made');
    await this.#send(order);
    return order;
  }

  /**
   * What is asked for as an order, which is not put down yet.
   *
   * @throws AttendantError E_OUTBOUND_REFUSED, E_DEFINITION_NOT_FOUND, E_DEFINITION_INVALID
   */
  order(organization: Organization, request: CallRequest): Order {
    const { definitions, clock } = this.#parts;
    const { definition, version } = definitions.get(request.agent);
    const may = permitted(definition.name, definition.outbound, { ...request, organization });
    const id = newThreadId(clock.now());
    return {
      start: {
        id,
        uid: request.uid ?? (id as string as Uid),
        organization,
        agent: request.agent,
        agent_version: version,
        direction: 'outbound',
        caller: {
          number: may.callerId ?? '',
          name: '',
          dialed: may.to,
          trunk: may.trunk ?? '',
          sip_call_id: '',
          headers: Object.fromEntries(
            Object.entries(request.headers).map(([header, value]) => [header.toLowerCase(), value]),
          ),
          vars: request.vars,
        },
        room: outboundRoom(id),
        started_at: timestamp(clock),
      },
      trunk: may.trunk ?? null,
      caller_id: request.caller_id ?? null,
      headers: request.headers,
      ring_timeout: request.ring_timeout ?? null,
    };
  }

  /**
   * Sees to an order that was put down: its thread, and an agent. Where this fails, or this process dies in it, whoever looks after orders sends for
   * an agent, whose worker writes the thread.
   */
  async seeTo(order: Order): Promise<void> {
    const { threads, log } = this.#parts;
    const thread = threads.write(order.start, 1);
    try {
      await thread.flushed(AbortSignal.timeout(WRITE_LIMIT));
    } catch (thrown) {
      const { code, message } = asAttendantError(thrown);
      log.warn({ call: order.start.id, code, cause: message }, 'the thread of a call is left to its worker');
    } finally {
      thread.close();
    }
    await this.#send(order);
  }

  /** Says at once what the worker would find, who counts right before it dials. */
  async #mayDial({ start, trunk }: Order): Promise<void> {
    const { threads, definitions } = this.#parts;
    const { organization, agent, caller } = start;
    const limits = definitions.get(agent).definition.limits.dialing;
    if (Object.keys(limits).length === 0) return;
    const dialed = {
      organization,
      agent,
      caller: caller.dialed,
      to: addressOf(start, trunk),
      trunk: trunk ?? undefined,
    };
    const full = await threads.dialing.look(dialed, limits);
    if (full === 'taken') return;
    const wait = full === 'per_trunk' ? TRUNK_WAIT : HOUR_WAIT;
    throw new ComeAgain(
      'E_DIAL_LIMIT',
      `the agent ${agent} has dialed as much as limits.dialing.${full} allows`,
      wait,
    );
  }

  async #begin({ start }: Order): Promise<void> {
    const { threads, clock } = this.#parts;
    const thread = threads.write(start, 1);
    try {
      await thread.flushed(AbortSignal.timeout(WRITE_LIMIT));
    } catch (cause) {
      // Redis may get it later all the same.
      const end_reason: EndReason = { result: 'failed', reason: 'E_REDIS_UNREACHABLE' };
      thread.append({ kind: 'ended', end_reason, at: timestamp(clock) });
      await threads.orders.withdraw(start.organization, start.id).catch(() => undefined);
      throw new AttendantError('E_REDIS_UNREACHABLE', 'the thread of the call cannot be written', { cause });
    } finally {
      thread.close();
    }
  }

  /** Sends for an agent. Whether one comes LiveKit does not say: the order shows it. */
  async #send({ start }: Order): Promise<void> {
    const { livekit, log } = this.#parts;
    const { room, id: order, organization } = start;
    try {
      await livekit.rooms.create(room, ROOM_EMPTY, AbortSignal.timeout(SEND_LIMIT));
      const metadata = JSON.stringify({ order, organization });
      await livekit.dispatch.create(room, WORKER_NAME, metadata, AbortSignal.timeout(SEND_LIMIT));
    } catch (thrown) {
      const { code, message } = asAttendantError(thrown);
      log.warn({ call: order, code, cause: message }, 'no agent can be sent for; it is tried again');
    }
  }

  async #lookAfter(): Promise<void> {
    const { threads, clock, log, signal } = this.#parts;
    let away = false;
    while (!signal.aborted) {
      try {
        for (const organization of await threads.orders.organizations()) {
          const { waiting, lost } = await threads.orders.due(organization);
          await Promise.all([
            ...waiting.map((order) => this.#send(order)),
            ...lost.map((order) => this.#giveUp(order)),
          ]);
        }
        away = false;
      } catch (thrown) {
        const { code, message } = asAttendantError(thrown);
        if (!away) log.warn({ code, cause: message }, 'calls that are to be made cannot be looked after');
        away = true;
      }
      await clock.sleep(LOOK_EVERY, signal).catch(() => undefined);
    }
  }

  /** No worker came for it. Doing this twice changes nothing: the entries have the same numbers. */
  async #giveUp({ start }: Order): Promise<void> {
    const { threads, livekit, clock, log } = this.#parts;
    const thread = threads.write(start, 1);
    const end_reason: EndReason = { result: 'failed', reason: 'E_NO_WORKER' };
    thread.append({ kind: 'ended', end_reason, at: timestamp(clock) });
    try {
      await thread.flushed(AbortSignal.timeout(WRITE_LIMIT));
    } finally {
      thread.close();
    }
    await threads.orders.over(start.organization, start.id);
    log.warn({ call: start.id, code: 'E_NO_WORKER' }, 'a call was not made: no worker took it');
    await livekit.rooms.delete(start.room, AbortSignal.timeout(SEND_LIMIT)).catch(() => undefined); // It closes by itself.
  }
}
