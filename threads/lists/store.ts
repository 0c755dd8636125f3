import { AttendantError } from '../../base/errors.ts';
import { isListId, newListId, type ListId, type Organization, type ThreadId } from '../../base/ids.ts';
import {
  calleesKey,
  listCallingKey,
  listDueKey,
  listingOrganizationsKey,
  listKey,
  listPlacesKey,
  listRecentKey,
  listsKey,
  openListsKey,
  ordersLiveKey,
  prefixOf,
} from '../keys.ts';
import { noteOrdering, placing, type Limits, type Order } from '../orders.ts';
import type { Redis } from '../redis.ts';
import type { Callee, CalleeResult, CallList, ListSettings, ListState, ShownCallee } from './call-list.ts';
import { begin, change, dial, drop, fill, look, page, postpone, remove, settle, show } from './scripts.ts';
import { shownCallee, shownList } from './shown.ts';

/** Lists of an organization that are not over, and all that are kept. */
const MOST_OPEN = 50;
const MOST = 1_000;
/** Callees put down in one step: a script holds everybody else up while it runs. */
const STEP = 200;
/** For how long callees stay whose list never came. Milliseconds. */
const FILLING = 600_000;
/** Callees looked at for one who may be called now. */
const LOOKED_AT = 100;

/** Somebody who is to be called. */
export interface NewCallee extends Pick<Callee, 'to' | 'uid' | 'vars' | 'time_zone'> {
  /** Milliseconds since 1970; undefined for one who is never to be called. */
  readonly due: number | undefined;
}

/** One who is due, as was read. */
export interface DueCallee {
  readonly callee: Callee;
  readonly json: string;
  /** As Redis writes it. */
  readonly due: string;
}

/** A list as a process that dials finds it. */
export interface Looked {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly state: ListState;
  readonly calls: readonly {
    readonly n: number;
    readonly thread: ThreadId;
    /** Of the thread; empty where Redis has none. */
    readonly status: 'active' | 'ended' | '';
    /** Whether an order waits or a worker holds the call. */
    readonly held: boolean;
  }[];
  readonly due: readonly DueCallee[];
}

/** What becomes of a callee after a call: called again then (milliseconds since 1970), or called no more. */
export type After =
  | { readonly callee: Callee; readonly again: number }
  | { readonly callee: Callee & { readonly result: CalleeResult } };

/** Lists of people whom agents are to call. All methods reject as `Redis.run`. */
export interface CallLists {
  /**
   * Puts a list down, whole or not at all.
   *
   * @param how.kept how long it is there after its end; ms. @throws AttendantError E_LIMIT_REACHED
   */
  start(
    organization: Organization,
    settings: ListSettings,
    callees: readonly NewCallee[],
    how: { starts: number; expires: number; kept: number },
  ): Promise<ListId>;
  /** Newest first. */
  list(organization: Organization): Promise<CallList[]>;
  find(organization: Organization, id: ListId): Promise<CallList | undefined>;
  /** Those from a number in the list on, in order. Erased ones are left out. */
  callees(organization: Organization, list: CallList, from: number, limit: number): Promise<ShownCallee[]>;
  /** @throws AttendantError E_LIST_NOT_FOUND, E_LIST_OVER */
  change(organization: Organization, id: ListId, to: 'running' | 'paused' | 'canceled'): Promise<void>;
  /** Removes it with all that it says of people; calls that run go on. False where there was none. */
  remove(organization: Organization, id: ListId): Promise<boolean>;
  /** Organizations that have, or had, lists. */
  organizations(): Promise<Organization[]>;
  /** Those that are not over. */
  open(organization: Organization): Promise<ListId[]>;
  look(organization: Organization, id: ListId): Promise<Looked | undefined>;
  /** They are called at another time, unless that was changed meanwhile. */
  postpone(
    organization: Organization,
    id: ListId,
    those: readonly { n: number; due: string; to: number }[],
  ): Promise<void>;
  /** Puts the order of a call down, if it may be made still. `closing`: milliseconds since 1970. */
  dial(
    organization: Organization,
    id: ListId,
    from: DueCallee,
    call: { after: Callee; order: Order; closing: number; limits: Limits },
  ): Promise<'placed' | 'gone' | 'closed' | 'pace' | 'calls' | 'rate'>;
  /** A call is over; false where another process said so before. */
  settle(
    organization: Organization,
    id: ListId,
    call: { thread: ThreadId; made: boolean },
    after: After,
  ): Promise<boolean>;
  /** They are called no more. */
  drop(
    organization: Organization,
    id: ListId,
    from: DueCallee,
    after: Callee & { result: CalleeResult },
  ): Promise<void>;
  callee(organization: Organization, id: ListId, n: number): Promise<Callee | undefined>;
}

/** The keys that every script of a list gets first. */
export const listKeys = (organization: Organization, id: ListId): string[] => [
  ...[listKey, calleesKey, listDueKey, listCallingKey, listRecentKey, listPlacesKey].map((key) =>
    key(organization, id),
  ),
  openListsKey(organization),
];

/** @param now the time (ms since 1970), for tests that hold it still; Redis's own clock unless given */
export function callListsIn(redis: Redis, now?: () => number): CallLists {
  const time = () => (now ? String(now()) : '');
  const find = async (organization: Organization, id: ListId) => {
    const found = (await show(redis, listKeys(organization, id), [time()])) as Parameters<
      typeof shownList
    >[1];
    return shownList(id, found);
  };
  return {
    start: async (organization, settings, callees, { starts, expires, kept }) => {
      const id = newListId(now?.() ?? Date.now());
      const keys = listKeys(organization, id);
      await redis.run((client) => client.sAdd(listingOrganizationsKey(), organization));
      await noteOrdering(redis, organization);
      const rows = callees.map(({ due, to, uid, vars, time_zone }, i) => {
        const result = due === undefined ? ('do_not_call' as const) : null;
        const callee: Callee = { n: i + 1, to, uid, vars, time_zone, attempts: [], result };
        return [
          String(callee.n),
          JSON.stringify(callee),
          due === undefined ? '' : String(due),
          to,
          uid ?? '',
        ];
      });
      for (let i = 0; i < rows.length; i += STEP)
        await fill(redis, keys, [time(), String(FILLING), ...rows.slice(i, i + STEP).flat()]);
      const { at_once, per_minute } = settings.pace;
      const fields = {
        settings: JSON.stringify(settings),
        total: callees.length,
        ...{ starts, expires, kept, at_once, per_minute },
      };
      const never = callees.filter(({ due }) => due === undefined).length;
      const args = [id, MOST_OPEN, MOST, never, ...Object.entries(fields).flat()].map(String);
      if ((await begin(redis, [...keys, listsKey(organization)], [time(), ...args])) !== 1) {
        await redis.run((client) => client.del(keys.slice(0, 6)));
        throw new AttendantError(
          'E_LIMIT_REACHED',
          `an organization has at most ${MOST_OPEN} lists that are not over, and ${MOST} in all`,
        );
      }
      return id;
    },
    list: async (organization) => {
      const ids = await redis.run((client) => client.zRange(listsKey(organization), 0, -1, { REV: true }));
      const found = await Promise.all(ids.filter(isListId).map((id) => find(organization, id)));
      return found.flatMap((list) => list ?? []);
    },
    find,
    callees: async (organization, list, from, limit) => {
      const last = Math.min(list.total, from + limit - 1);
      const args = [time(), String(from), String(last)];
      const found = (await page(redis, listKeys(organization, list.id), args)) as (string | number)[];
      const shown: ShownCallee[] = [];
      for (let i = 0; i + 2 < found.length; i += 3) {
        const [json, due, calling] = [found[i], found[i + 1], found[i + 2]];
        if (json)
          shown.push(shownCallee(list, JSON.parse(String(json)) as Callee, String(due), calling === 1));
      }
      return shown;
    },
    change: async (organization, id, to) => {
      const state = (await change(redis, listKeys(organization, id), [time(), id, to])) as ListState | null;
      if (state === null) throw new AttendantError('E_LIST_NOT_FOUND', 'no list has this id');
      if (state !== to) throw new AttendantError('E_LIST_OVER', `the list is ${state}`);
    },
    remove: async (organization, id) =>
      (await remove(redis, [...listKeys(organization, id), listsKey(organization)], [time(), id])) === 1,
    organizations: async () =>
      (await redis.run((client) => client.sMembers(listingOrganizationsKey()))) as Organization[],
    open: async (organization) =>
      (await redis.run((client) => client.sMembers(openListsKey(organization)))).filter(isListId),
    look: async (organization, id) => {
      const keys = [...listKeys(organization, id), ordersLiveKey(organization)];
      const found = (await look(redis, keys, [time(), id, prefixOf(organization), String(LOOKED_AT)])) as
        [number, ListState, (string | number)[], string[]] | null;
      return found ? looked(found) : undefined;
    },
    postpone: async (organization, id, those) => {
      const args = those.flatMap(({ n, due, to }) => [String(n), due, String(to)]);
      await postpone(redis, listKeys(organization, id), [time(), ...args]);
    },
    dial: async (organization, id, { callee, json }, { after, order, closing, limits }) => {
      const { keys, args } = placing(order, limits);
      const [how] = (await dial(
        redis,
        [...listKeys(organization, id), ...keys],
        [time(), String(callee.n), json, JSON.stringify(after), String(closing), ...args],
      )) as [Awaited<ReturnType<CallLists['dial']>>, number];
      return how;
    },
    settle: async (organization, id, { thread, made }, after) => {
      const { callee } = after;
      const again = 'again' in after ? [String(after.again), ''] : ['', after.callee.result];
      const args = [
        id,
        String(callee.n),
        thread,
        JSON.stringify(callee),
        ...again,
        made ? 'made' : 'not_made',
      ];
      return (await settle(redis, listKeys(organization, id), [time(), ...args])) === 1;
    },
    drop: async (organization, id, { json }, after) => {
      const args = [id, String(after.n), json, JSON.stringify(after), after.result];
      await drop(redis, listKeys(organization, id), [time(), ...args]);
    },
    callee: async (organization, id, n) => {
      const json = await redis.run((client) => client.hGet(calleesKey(organization, id), String(n)));
      return json ? (JSON.parse(json) as Callee) : undefined;
    },
  };
}

function looked([now, state, calls, due]: [number, ListState, (string | number)[], string[]]): Looked {
  const running: Looked['calls'][number][] = [];
  for (let i = 0; i + 3 < calls.length; i += 4)
    running.push({
      n: Number(calls[i]),
      thread: String(calls[i + 1]) as ThreadId,
      status: String(calls[i + 2]) as 'active' | 'ended' | '',
      held: calls[i + 3] === 1,
    });
  const next: DueCallee[] = [];
  for (let i = 0; i + 2 < due.length; i += 3) {
    const json = due[i + 2] ?? '';
    next.push({ callee: JSON.parse(json) as Callee, json, due: due[i + 1] ?? '' });
  }
  return { now, state, calls: running, due: next };
}
