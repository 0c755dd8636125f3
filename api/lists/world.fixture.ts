import { setImmediate } from 'node:timers/promises';
import { localTime, isWithin } from '../../agent/definition/routes/hours.ts';
import type { Clock } from '../../base/clock.ts';
import { systemClock } from '../../base/clock.ts';
import { type ListId, newThreadId, type Organization, type ThreadId, type Uid } from '../../base/ids.ts';
import { createLog } from '../../base/log.ts';
import { dying } from '../../threads/archive/dying.fixture.ts';
import type { EndReason, ThreadWriter } from '../../threads/entry.ts';
import type { CallList, ListSettings } from '../../threads/lists/call-list.ts';
import { MANY } from '../../threads/lists/lists.fixture.ts';
import { type CallLists, callListsIn } from '../../threads/lists/store.ts';
import { type Order, ordersIn } from '../../threads/orders.ts';
import { connectRedis } from '../../threads/redis.ts';
import { RedisServer } from '../../threads/redis-server.fixture.ts';
import { openThreads } from '../../threads/store.ts';
import { someStart } from '../../threads/thread.fixture.ts';
import { ListDialing } from './dialing.ts';

/** What becomes of a call: how its thread ends, or that nobody takes it, or that its worker dies. */
export type Fate =
  'answered' | 'machine' | 'busy' | 'no_answer' | 'server_error' | 'untaken' | 'dead' | { outcome: object };

/** A call that somebody was dialed for. */
export interface Dialed {
  readonly organization: Organization;
  readonly to: string;
  readonly thread: ThreadId;
  /** When it was put down, and was over. Milliseconds since 1970. */
  readonly at: number;
  over?: number;
  readonly fate: Fate;
}

const log = createLog('test', 'silent');

/** A real Redis, processes that dial lists in a time that the test holds, and workers that take what they ask for. */
export async function openWorld(begin: number) {
  const server = await RedisServer.start();
  const stop = new AbortController();
  const connection = { clock: systemClock, log, signal: stop.signal };
  const redis = connectRedis({ url: server.url, ...connection });
  const threads = openThreads({ redisUrl: server.url, ...connection });
  await new Promise<void>((resolve) => redis.onReady(resolve));
  while (!threads.ready) await setImmediate();
  await threads.workers.beat('worker', 1e10);
  const orders = ordersIn(redis);
  let time = begin;
  const lists = callListsIn(redis, () => time);

  /** Sleepers of a process wait for the test to let time go on. */
  let sleeping: (() => void)[] = [];
  let alive = 0;
  const clock: Clock = {
    now: () => time,
    elapsed: () => time,
    sleep: (_ms, signal) =>
      new Promise((resolve, reject) => {
        const onAbort = () => reject(signal?.reason as Error);
        if (signal?.aborted) {
          onAbort();
          return;
        }
        signal?.addEventListener('abort', onAbort, { once: true });
        sleeping.push(() => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
      }),
    after: () => () => undefined,
  };
  const outbound = {
    order: (organization: Organization, request: { to: string; uid?: Uid | undefined }): Order => {
      const id = newThreadId(systemClock.now());
      const caller = { ...someStart().caller, number: '+15550100', dialed: request.to };
      const at = new Date(time).toISOString();
      const start = someStart({
        ...{ id, organization, caller, direction: 'outbound', started_at: at },
        uid: request.uid ?? (id as string as Uid),
      });
      return { start, trunk: null, caller_id: null, headers: {}, ring_timeout: null };
    },
    // A process that dies here leaves the order to others; this one always does.
    seeTo: () => Promise.resolve(),
  };

  /** A process that dials; dies at that step where one is given. */
  function dialer({
    steps = Infinity,
    chance = () => 0,
  }: { steps?: number; chance?: (below: number) => number } = {}) {
    const over = new AbortController();
    const jittery = {
      ...redis,
      get ready() {
        return redis.ready;
      },
      run: async <T>(commands: Parameters<typeof redis.run<T>>[0], timeout?: number) => {
        for (let i = chance(4); i > 0; i--) await setImmediate();
        const result = await redis.run(commands, timeout);
        for (let i = chance(4); i > 0; i--) await setImmediate();
        return result;
      },
    };
    const mortal = dying(jittery, undefined as never, steps, () => undefined);
    const its: CallLists = callListsIn(mortal.redis, () => time);
    alive++;
    const dialing = new ListDialing({
      threads,
      lists: its,
      outbound,
      limits: MANY,
      clock,
      log,
      signal: over.signal,
    });
    return {
      isDead: () => mortal.isDead(),
      end: async () => {
        over.abort(new Error('the process ends'));
        await dialing.ended;
        alive--;
      },
    };
  }

  /** Lets processes work until each of them has nothing to do, and time go on. */
  async function tick(ms: number): Promise<void> {
    while (sleeping.length < alive) await setImmediate();
    time += ms;
    const those = sleeping;
    sleeping = [];
    for (const wake of those) wake();
    while (sleeping.length < alive) await setImmediate();
  }

  const running = new Map<ThreadId, { dialed: Dialed; writer: ThreadWriter; until: number }>();
  const dialed: Dialed[] = [];

  /** Takes what was ordered, and ends what is over. */
  async function work(
    organization: Organization,
    fateOf: (to: string, before: number) => Fate,
    length: () => number,
  ) {
    for (const { dialed: call, writer, until } of [...running.values()]) {
      if (time < until) continue;
      running.delete(call.thread);
      call.over = time;
      await end(organization, writer, call.fate);
    }
    const waiting = await redis.run((client) => client.hKeys(`attendant:{${organization}}:orders`));
    for (const id of waiting as ThreadId[]) {
      if (running.has(id)) continue;
      const json = await redis.run((client) => client.hGet(`attendant:{${organization}}:orders`, id));
      const { start } = JSON.parse(json ?? '{}') as Order;
      const to = start.caller.dialed;
      const before = dialed.filter(
        (one) => one.organization === organization && one.to === to && one.fate !== 'untaken',
      ).length;
      const fate = fateOf(to, before);
      if (fate !== 'untaken') await orders.take(organization, id);
      const call: Dialed = { organization, to, thread: id, at: Date.parse(start.started_at), fate };
      dialed.push(call);
      running.set(id, { dialed: call, writer: threads.write(start, 1), until: time + length() });
    }
  }

  async function end(organization: Organization, writer: ThreadWriter, fate: Fate): Promise<void> {
    const at = new Date(time).toISOString();
    const reason = (end_reason: EndReason) => writer.append({ kind: 'ended', end_reason, at });
    if (fate === 'answered' || fate === 'machine' || typeof fate === 'object')
      writer.append({ kind: 'answered', at });
    if (fate === 'machine') writer.append({ kind: 'answered_by', answered_by: 'machine', at });
    if (typeof fate === 'object')
      writer.append({ kind: 'outcome', outcome: fate.outcome as Record<string, unknown>, at });
    if (fate === 'untaken') reason({ result: 'failed', reason: 'E_NO_WORKER' });
    else if (fate === 'answered' || fate === 'machine' || typeof fate === 'object')
      reason({ result: 'completed', reason: 'end_dialog' });
    else if (fate !== 'dead') reason({ result: 'failed', reason: fate });
    await writer.flushed(AbortSignal.timeout(20_000));
    writer.close();
    if (fate === 'untaken') await orders.withdraw(organization, writer.start.id);
    await orders.over(organization, writer.start.id);
  }

  return {
    ...{ redis, threads, lists, orders, dialer, tick, work, dialed },
    now: () => time,
    /** Calls that run as their telephones see it. */
    running: () => running.size,
    find: (organization: Organization, id: ListId): Promise<CallList | undefined> =>
      lists.find(organization, id),
    close: async () => {
      stop.abort(new Error('test over'));
      await Promise.all([threads.close(), redis.close()]);
      await server.remove();
    },
  };
}

/** Whether somebody may be called at that moment, looked up minute by minute. */
export function mayBeCalled({ hours }: ListSettings, zone: string | null, at: number): boolean {
  if (!hours) return true;
  const local = localTime(at, zone ?? hours.time_zone);
  return (
    !hours.holidays.some((day) => local.date.endsWith(day)) &&
    hours.hours.some((opening) => isWithin(local, opening))
  );
}
