import type { Clock } from '../../base/clock.ts';
import { asAttendantError } from '../../base/errors.ts';
import type { ListId, Organization, ThreadId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { OutboundLimits } from '../../config.ts';
import type { Callee, CalleeResult, CallList } from '../../threads/lists/call-list.ts';
import type { CallLists, DueCallee, Looked } from '../../threads/lists/store.ts';
import type { Order } from '../../threads/orders.ts';
import type { Threads } from '../../threads/store.ts';
import type { OutboundCalls } from '../calls/outbound.ts';
import { afterCall, endOf, type Ended, isStopped, LOST, windowOf } from './rules.ts';

/** Milliseconds between two looks at the lists. */
const LOOK_EVERY = 500;
/** After which a call that nobody holds any more, and whose thread does not end, counts as over. Milliseconds. */
const LOST_AFTER = 90_000;
/** After a fault that is not the callee's. Milliseconds. */
const PATIENCE = 10_000;
/** Calls with a callee that are looked at for one after which they are not to be called. */
const LOOKED_AT = 50;

interface Parts {
  readonly threads: Pick<Threads, 'read' | 'list' | 'workers'>;
  readonly lists: CallLists;
  readonly outbound: Pick<OutboundCalls, 'order' | 'seeTo'>;
  readonly limits: OutboundLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Calls those who are on lists until the signal aborts, side by side with any number of processes that do the same. What is decided is decided in
 * Redis (`threads/lists/scripts.ts`): this only looks who is due, and what became of those who were called.
 */
export class ListDialing {
  readonly #parts: Parts;
  /** What lists say; they never change. */
  readonly #known = new Map<ListId, CallList>();
  /** Since when (Redis's clock) nobody holds a call whose thread has not ended. */
  readonly #unheld = new Map<ThreadId, number>();
  /** Until when (our clock) a list is left alone, after a fault of its agent. */
  readonly #resting = new Map<ListId, number>();
  readonly #begun = new Set<Promise<void>>();
  /** Resolves after the signal has aborted. */
  readonly ended: Promise<void>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.ended = this.#run();
  }

  async #run(): Promise<void> {
    const { lists, clock, log, signal } = this.#parts;
    let away = false;
    while (!signal.aborted) {
      let more = false;
      try {
        const open = new Set<ListId>();
        for (const organization of await lists.organizations())
          for (const id of await lists.open(organization)) {
            open.add(id);
            more = (await this.#look(organization, id)) || more;
          }
        for (const id of this.#known.keys()) if (!open.has(id)) this.#known.delete(id);
        away = false;
      } catch (thrown) {
        const { code, message } = asAttendantError(thrown);
        if (!away) log.warn({ code, cause: message }, 'lists cannot be looked at; nobody on them is called');
        away = true;
      }
      if (!more) await clock.sleep(LOOK_EVERY, signal).catch(() => undefined);
    }
    await Promise.all(this.#begun);
  }

  /** Looks at a list once. True where there is more to be done at once. */
  async #look(organization: Organization, id: ListId): Promise<boolean> {
    const { lists, threads, clock, signal } = this.#parts;
    const looked = await lists.look(organization, id);
    if (!looked) return false;
    const list = this.#known.get(id) ?? (await lists.find(organization, id));
    if (!list) return false;
    this.#known.set(id, list);
    const over = await Promise.all(
      looked.calls.map((call) => this.#settle(organization, list, looked, call)),
    );
    if (over.some(Boolean)) return true;
    if (looked.due.length === 0 || clock.elapsed() < (this.#resting.get(id) ?? 0)) return false;
    const closed = looked.due.flatMap(({ callee, due }) => {
      const { open, until } = windowOf(list.settings, callee, looked.now);
      return open ? [] : [{ n: callee.n, due, to: until }];
    });
    if (closed.length > 0) await lists.postpone(organization, id, closed);
    const isClosed = new Set(closed.map(({ n }) => n));
    const may = looked.due.filter(({ callee }) => !isClosed.has(callee.n));
    // Without a worker a call would be tried in vain.
    if (may.length > 0 && (await threads.workers.count()) === 0) return false;
    for (const next of may) {
      if (signal.aborted) return false;
      if (!(await this.#dial(organization, list, next, looked.now))) return false;
    }
    return closed.length > 0;
  }

  /** False where nobody else of the list can be called now. */
  async #dial(organization: Organization, list: CallList, next: DueCallee, now: number): Promise<boolean> {
    const { lists, limits, log } = this.#parts;
    const { callee } = next;
    const stop = await this.#stopOf(organization, list, callee);
    if (stop) {
      await lists.drop(organization, list.id, next, { ...callee, result: stop });
      return true;
    }
    const order = this.#orderOf(organization, list, callee);
    if (order === 'refused') {
      await lists.drop(organization, list.id, next, { ...callee, result: 'refused' });
      return true;
    }
    if (!order) return false;
    const attempt = { thread: order.start.id, at: new Date(now).toISOString(), result: null, reason: null };
    const after = { ...callee, attempts: [...callee.attempts, attempt] };
    const closing = windowOf(list.settings, callee, now).until;
    const how = await lists.dial(organization, list.id, next, { after, order, closing, limits });
    if (how !== 'placed') return how === 'gone';
    log.info(
      { call: order.start.id, list: list.id, agent: order.start.agent },
      'a call of a list is to be made',
    );
    const begun = this.#parts.outbound
      .seeTo(order)
      .catch((thrown: unknown) => {
        const { code, message } = asAttendantError(thrown);
        log.warn(
          { call: order.start.id, code, cause: message },
          'a call of a list is left to other processes',
        );
      })
      .finally(() => this.#begun.delete(begun));
    this.#begun.add(begun);
    return true;
  }

  /** What is to be dialed; undefined where the fault is not the callee's. */
  #orderOf(
    organization: Organization,
    { id, settings }: CallList,
    callee: Callee,
  ): Order | 'refused' | undefined {
    const { outbound, clock, log } = this.#parts;
    const { agent, trunk, caller_id, headers, ring_timeout } = settings;
    const { to, vars, uid } = callee;
    const common = { agent, caller_id, headers, ring_timeout, to, vars, uid: uid ?? undefined };
    try {
      return outbound.order(organization, { ...common, trunk: to.startsWith('+') ? trunk : undefined });
    } catch (thrown) {
      const { code, message } = asAttendantError(thrown);
      if (code === 'E_OUTBOUND_REFUSED') return 'refused';
      this.#resting.set(id, clock.elapsed() + PATIENCE);
      log.warn({ code, cause: message, list: id }, 'nobody of a list can be called; it is tried again');
      return undefined;
    }
  }

  /** Why they are not to be called again, where they have called us since. */
  async #stopOf(
    organization: Organization,
    list: CallList,
    callee: Callee,
  ): Promise<CalleeResult | undefined> {
    const { stop_when: stop } = list.settings;
    if (!stop) return undefined;
    const filter = { caller: callee.to, from: Date.parse(list.created_at) };
    const { threads } = await this.#parts.threads.list(organization, filter, { limit: LOOKED_AT });
    const calls = threads.filter(({ direction }) => direction === 'inbound');
    if (calls.some(({ outcome }) => isStopped(list.settings, outcome))) return 'stopped';
    const first = Date.parse(callee.attempts[0]?.at ?? '');
    const isBack = calls.some((call) => call.answered_at !== null && Date.parse(call.started_at) >= first);
    return stop.called_back && isBack ? 'called_back' : undefined;
  }

  /** Puts down how a call went, if it is over. True where it was this process that did. */
  async #settle(
    organization: Organization,
    { id, settings }: CallList,
    { now }: Looked,
    { n, thread, status, held }: Looked['calls'][number],
  ): Promise<boolean> {
    const { lists } = this.#parts;
    const ended = await this.#endOf(organization, { thread, status, held }, now);
    if (!ended) return false;
    this.#unheld.delete(thread);
    const callee = await lists.callee(organization, id, n);
    const made = ended.result !== 'not_made';
    const after = callee
      ? afterCall(settings, callee, thread, ended, now)
      : { callee: { ...FORGOTTEN, n, result: 'erased' as const } };
    return lists.settle(organization, id, { thread, made }, after);
  }

  /** How a call went; undefined while it runs. */
  async #endOf(
    organization: Organization,
    { thread, status, held }: Pick<Looked['calls'][number], 'thread' | 'status' | 'held'>,
    now: number,
  ): Promise<Ended | undefined> {
    if (held && status !== 'ended') {
      this.#unheld.delete(thread);
      return undefined;
    }
    // Without a status it is in the archive, erased, or not begun yet.
    if (status !== 'active') {
      const found = await this.#parts.threads.read(organization, thread);
      if (found?.status === 'ended') return endOf(found);
    }
    const since = this.#unheld.get(thread) ?? now;
    this.#unheld.set(thread, since);
    return now - since >= LOST_AFTER ? LOST : undefined;
  }
}

/** What is left of a callee who was erased while they were called. */
const FORGOTTEN: Callee = { n: 0, to: '', uid: null, vars: {}, time_zone: null, attempts: [], result: null };
