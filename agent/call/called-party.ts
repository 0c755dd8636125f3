import type { JobContext } from '@livekit/agents';
import { z } from 'zod';
import { timestamp } from '../../base/clock.ts';
import { asAttendantError, AttendantError } from '../../base/errors.ts';
import { isOrganization, isThreadId, type Organization, type ThreadId } from '../../base/ids.ts';
import { calleeIdentity } from '../../livekit/identities.ts';
import type { ThreadWriter } from '../../threads/entry.ts';
import type { Order } from '../../threads/orders.ts';
import { permitted } from '../definition/dialable.ts';
import type { Reachable } from '../definition/definition.ts';
import type { Outbound } from '../definition/outbound.ts';
import { agentFor, type ChosenAgent, type Choice } from './agent.ts';
import type { Caller } from './caller.ts';
import { notAnswered, watchDialed } from './dialed-leg.ts';
import type { Ending } from './ending.ts';
import type { Exchange } from './exchange.ts';
import { HeldOrder } from './held-order.ts';
import type { Party, Talk, Watched } from './party.ts';
import { joinRoom, LAST_WORDS, WORKER_STOPPED } from './room.ts';
import type { Tolls } from './tolls.ts';
import { dialCallee } from './transfer/callee.ts';
import { WhoAnswers } from './who-answers.ts';

/** Milliseconds. LiveKit's own end of the leg, should this process be gone by then. */
const LEG_MARGIN = 60_000;

/** What the API says in the metadata of the job of a call that is to be made. */
const metadataSchema = z.object({
  order: z.string().refine((text): text is ThreadId => isThreadId(text)),
  organization: z.string().refine((text): text is Organization => isOrganization(text)),
});
export type OrderName = z.output<typeof metadataSchema>;

/** Which call is to be made; undefined for a job of somebody who called us. */
export function orderOf(job: Pick<JobContext, 'job'>): OrderName | undefined {
  try {
    return metadataSchema.safeParse(JSON.parse(job.job.metadata)).data;
  } catch {
    return undefined;
  }
}

/**
 * One whom we are to call. An order is handed out once: undefined where another worker has it, or nobody is to carry it out any more.
 *
 * @throws AttendantError as `Orders.take`; the order waits for the next job then.
 */
export async function calledParty(
  { order: id, organization }: OrderName,
  job: JobContext,
  exchange: Exchange,
  stop: AbortSignal,
): Promise<Party | undefined> {
  const order = await exchange.orders.take(organization, id);
  return order && Called.by(order, job, exchange, stop);
}

class Called implements Party {
  readonly leg = { identity: calleeIdentity() };
  readonly caller: Caller;
  readonly choice: Choice;
  readonly #order: Order;
  readonly #job: JobContext;
  readonly #exchange: Exchange;
  readonly #stop: AbortSignal;
  readonly #held: HeldOrder;
  readonly #gone = new AbortController();
  #call: { ending: Ending; thread: ThreadWriter } | undefined;
  #onAnswer: () => void = () => undefined;

  static async by(order: Order, job: JobContext, exchange: Exchange, stop: AbortSignal): Promise<Called> {
    const { start } = order;
    const caller: Caller = {
      ...start.caller,
      uid: start.uid,
      additionalInstructions: '',
      hasSipLeg: true,
      header: (name) => start.caller.headers[name.toLowerCase()],
    };
    return new Called({
      order,
      job,
      exchange,
      stop,
      caller,
      choice: await choiceOf(order, caller, exchange),
    });
  }

  private constructor(parts: {
    order: Order;
    job: JobContext;
    exchange: Exchange;
    stop: AbortSignal;
    caller: Caller;
    choice: Choice;
  }) {
    const { order, job, exchange, stop } = parts;
    this.#order = order;
    this.#job = job;
    const { start } = order;
    this.#exchange = { ...exchange, log: exchange.log.child({ call: start.id, uid: start.uid }) };
    this.#held = new HeldOrder(exchange, start);
    this.#stop = stop;
    this.caller = parts.caller;
    this.choice = parts.choice;
  }

  watch({ ending, thread }: { ending: Ending; thread: ThreadWriter }): Watched {
    const { clock } = this.#exchange;
    const leg = watchDialed(this.#job.room, this.leg.identity, ending, this.#gone);
    const onStop = () => ending.decide({ result: 'failed', reason: WORKER_STOPPED });
    this.#stop.addEventListener('abort', onStop, { once: true });
    if (this.#stop.aborted) onStop();
    let cancelLimit: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      this.#onAnswer = () => {
        thread.append({ kind: 'answered', at: timestamp(clock) });
        cancelLimit = clock.after(this.#longest + LAST_WORDS, () =>
          ending.decide({ result: 'completed', reason: 'max_duration' }),
        );
        leg.answered();
        resolve();
      };
    });
    this.#call = { ending, thread };
    this.#held.begin();
    return {
      gone: this.#gone.signal,
      answered,
      unwatch: () => {
        cancelLimit();
        leg.unwatch();
        this.#stop.removeEventListener('abort', onStop);
      },
    };
  }

  async enter(ending: Ending): Promise<void> {
    await joinRoom(this.#job, ending.begun);
  }

  /** Dials, once. */
  async reach(talk: Talk, tolls: Tolls): Promise<boolean> {
    const { livekit, env, clock, log } = this.#exchange;
    const { agent } = this.choice;
    if (!this.#call || !agent) throw new AttendantError('E_INTERNAL', 'nobody is there to be called');
    const { ending, thread } = this.#call;
    const onMissing = (variable: string) =>
      thread.append({ kind: 'warning', code: 'E_TEMPLATE_EMPTY', detail: variable, at: timestamp(clock) });
    const { machine } = agent.definition.outbound ?? {};
    // Nobody is answered before it is known who it is.
    if (machine) talk.listen(false);
    const dialed = await dialCallee(
      {
        room: this.#job.room,
        leg: { room: this.#order.start.room },
        caller: { number: '' },
        gone: this.#gone.signal,
        ending: ending.begun,
        maxDuration: this.#longest + LEG_MARGIN,
        tolls,
        livekit,
        env,
        clock,
        log,
      },
      reachable(this.#order, agent, onMissing),
      undefined,
      this.leg.identity,
    );
    if (dialed.identity === undefined) {
      ending.decide(notAnswered(dialed.verdict));
      return false;
    }
    this.#onAnswer();
    return machine ? this.#isPerson(machine, talk, this.#call) : true;
  }

  /** Listens who picked up. To a machine the message is said, and the call is over. */
  async #isPerson(
    settings: NonNullable<Outbound['machine']>,
    talk: Talk,
    { ending, thread }: { ending: Ending; thread: ThreadWriter },
  ): Promise<boolean> {
    const { clock } = this.#exchange;
    const who = new WhoAnswers(this.#job.room, this.leg.identity, settings, clock);
    try {
      const answered_by = await who.told(ending.begun);
      thread.append({ kind: 'answered_by', answered_by, at: timestamp(clock) });
      if (answered_by !== 'machine') {
        talk.listen(true);
        return true;
      }
      const { message } = settings;
      if (message !== undefined) {
        await who.records(ending.begun);
        await ending.unlessEnded(talk.say(message));
      }
      ending.decide({ result: 'completed', reason: message === undefined ? 'machine' : 'machine_message' });
      return false;
    } finally {
      await who.end();
    }
  }

  async over(): Promise<void> {
    await this.#held.over();
  }

  get #longest(): number {
    return (this.choice.agent?.definition.limits.max_duration ?? 0) * 1_000;
  }
}

async function choiceOf({ start }: Order, caller: Caller, exchange: Exchange): Promise<Choice> {
  try {
    const { definition, functions } = await exchange.definition(start.agent);
    return { start, agent: { ...agentFor(definition, start, caller, exchange), functions } };
  } catch (thrown) {
    return { start, agent: undefined, error: asAttendantError(thrown) };
  }
}

/**
 * The order as what is dialed. It is compared once more with what the definition allows now: of all places this is the last before the INVITE.
 *
 * @throws AttendantError E_OUTBOUND_REFUSED
 */
function reachable(order: Order, agent: ChosenAgent, onMissing: (variable: string) => void): Reachable {
  const { definition } = agent;
  const render = (template: string) => agent.render(template, onMissing);
  const { start, trunk, caller_id, headers, ring_timeout } = order;
  const { outbound, name } = definition;
  const { organization, caller } = start;
  const asked = {
    to: caller.dialed,
    organization,
    ...(trunk === null ? {} : { trunk }),
    ...(caller_id === null ? {} : { caller_id }),
  };
  const may = permitted(name, outbound, asked);
  const own = Object.entries(outbound?.headers ?? {}).map(
    ([header, text]) => [header, render(text)] as const,
  );
  // What the definition says stands, however it is spelt.
  const fixed = new Set(own.map(([header]) => header.toLowerCase()));
  const brought = Object.entries(headers).filter(([header]) => !fixed.has(header.toLowerCase()));
  const shown = outbound?.display_name === undefined ? undefined : render(outbound.display_name);
  const straight = may.trunk === undefined;
  return {
    to: may.trunk === undefined ? may.to : `tel:${may.to}`,
    trunk: may.trunk,
    caller_id: may.callerId,
    display_name: shown,
    headers: Object.fromEntries([...brought, ...own]),
    ring_timeout: Math.min(ring_timeout ?? Infinity, outbound?.ring_timeout ?? 0),
    auth: straight ? outbound?.auth : undefined,
    transport: straight ? outbound?.transport : undefined,
    from_host: straight ? outbound?.from_host : undefined,
  };
}
