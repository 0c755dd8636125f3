import { z } from 'zod';
import type { Definitions } from '../../agent/definition/definitions.ts';
import type { Clock } from '../../base/clock.ts';
import { AttendantError } from '../../base/errors.ts';
import { isListId, type ListId, type Organization } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { CallList } from '../../threads/lists/call-list.ts';
import type { CallLists } from '../../threads/lists/store.ts';
import { operation, type Operation } from '../operation.ts';
import { named, none } from '../schemas.ts';
import { type AskedList, listSchema } from './fields.ts';
import { opensFrom } from './rules.ts';
import {
  calleesSchema,
  calleeShape,
  listShape,
  listsSchema,
  shownListSchema,
  startedSchema,
} from './shapes.ts';
import { calleeFaults, dialedAs, type Fault, settingFaults, spanOf } from './sound.ts';

/** Bytes: 10,000 callees with their variables. */
const BODY_LIMIT = 4 * 1024 * 1024;
/** Faults of a list that are told; how many more there are is said. */
const MOST_TOLD = 50;

const requestSchema = named('ListRequest', listSchema);

/** What the operations on lists stand on. */
export interface ListParts {
  readonly lists: CallLists;
  readonly definitions: Definitions;
  /** How long a list is there after its end; milliseconds. */
  readonly kept: (organization: Organization) => number;
  readonly clock: Clock;
  readonly log: Log;
}

const id = z.string().max(64).describe('`lst_…`');
const byId = z.object({ id });

/** `/lists`: people whom agents call, one after the other. */
export function listOperations(parts: ListParts): Operation[] {
  const { lists } = parts;
  const common = { tag: 'Lists' } as const;
  const found = async (organization: Organization, asked: string): Promise<CallList> => {
    const list = await lists.find(organization, listId(asked));
    if (!list) throw new AttendantError('E_LIST_NOT_FOUND', 'no list has this id');
    return list;
  };
  const changes = (
    [
      ['pauseList', 'pause', 'paused', 'Nobody of it is called until it is resumed; calls that run go on'],
      ['resumeList', 'resume', 'running', 'Goes on where it was paused'],
      ['cancelList', 'cancel', 'canceled', 'Nobody of it is called any more; calls that run go on'],
    ] as const
  ).map(([name, verb, to, summary]) =>
    operation({
      ...common,
      id: name,
      method: 'POST',
      path: `/lists/{id}/${verb}`,
      scope: 'control',
      summary,
      params: byId,
      query: none,
      answers: [{ status: 200, description: 'The list as it is then', schema: shownListSchema }],
      errors: ['E_LIST_NOT_FOUND', 'E_LIST_OVER'],
      run: async ({ client: { organization }, params }) => {
        await lists.change(organization, listId(params.id), to);
        return listShape(await found(organization, params.id));
      },
    }),
  );
  return [
    operation({
      ...common,
      id: 'startList',
      method: 'POST',
      path: '/lists',
      scope: 'control',
      summary: 'Has an agent call everybody on a list',
      description:
        'At the pace, within the hours and with the retries that it says. A list in which anything is wrong is refused whole, and all that is ' +
        'wrong is told. What the agent may dial stands in the `outbound` section of its definition.',
      params: none,
      query: none,
      body: requestSchema,
      bodyLimit: BODY_LIMIT,
      creates: true,
      answers: [{ status: 201, description: 'It is begun', schema: startedSchema }],
      errors: ['E_LIST_INVALID', 'E_LIMIT_REACHED', 'E_DEFINITION_NOT_FOUND', 'E_DEFINITION_INVALID'],
      run: ({ client, body }) => start(parts, client.organization, body),
    }),
    operation({
      ...common,
      id: 'listLists',
      method: 'GET',
      path: '/lists',
      scope: 'read',
      summary: 'The lists and how far they have come, the newest first',
      params: none,
      query: none,
      answers: [{ status: 200, description: 'All that are kept', schema: listsSchema }],
      run: async ({ client }) => ({ lists: (await lists.list(client.organization)).map(listShape) }),
    }),
    operation({
      ...common,
      id: 'getList',
      method: 'GET',
      path: '/lists/{id}',
      scope: 'read',
      summary: 'A list and how far it has come',
      params: byId,
      query: none,
      answers: [{ status: 200, description: 'The list', schema: shownListSchema }],
      errors: ['E_LIST_NOT_FOUND'],
      run: async ({ client, params }) => listShape(await found(client.organization, params.id)),
    }),
    operation({
      ...common,
      id: 'getListCalls',
      method: 'GET',
      path: '/lists/{id}/calls',
      scope: 'read',
      summary: 'Everybody on a list, with the calls that were made to them',
      description:
        'In the order of the list. Who was erased is left out, so a page may be shorter than `limit`.',
      params: byId,
      query: z.strictObject({
        limit: z.coerce.number().int().min(1).max(50).default(20),
        cursor: z
          .string()
          .regex(/^[1-9]\d{0,5}$/, 'give `next` of the page before')
          .optional(),
      }),
      answers: [{ status: 200, description: 'A page of them', schema: calleesSchema }],
      errors: ['E_LIST_NOT_FOUND'],
      run: async ({ client, params, query: { limit, cursor } }) => {
        const list = await found(client.organization, params.id);
        const from = Number(cursor ?? 1);
        const callees = await lists.callees(client.organization, list, from, limit);
        const next = from + limit <= list.total ? String(from + limit) : null;
        return { calls: callees.map(calleeShape), next };
      },
    }),
    ...changes,
    operation({
      ...common,
      id: 'deleteList',
      method: 'DELETE',
      path: '/lists/{id}',
      scope: 'admin',
      summary: 'Removes a list with all that it says of people; nobody of it is called any more',
      description: 'The threads of its calls stay, and calls that run go on.',
      params: byId,
      query: none,
      answers: [{ status: 204, description: 'It is gone' }],
      errors: ['E_LIST_NOT_FOUND'],
      run: async ({ client, params }) => {
        if (!(await lists.remove(client.organization, listId(params.id))))
          throw new AttendantError('E_LIST_NOT_FOUND', 'no list has this id');
      },
    }),
  ];
}

function listId(text: string): ListId {
  if (!isListId(text)) throw new AttendantError('E_LIST_NOT_FOUND', 'no list has this id');
  return text;
}

async function start(
  { lists, definitions, kept, clock, log }: ListParts,
  organization: Organization,
  { callees, do_not_call, ...settings }: AskedList,
): Promise<z.input<typeof startedSchema>> {
  const { definition } = definitions.get(settings.agent);
  const now = clock.now();
  const faults = [
    ...settingFaults(settings, definition, now),
    ...calleeFaults(callees, definition, { organization, settings, placeOf: (i) => `callees.${i}` }),
  ];
  if (faults.length > 0) throw new AttendantError('E_LIST_INVALID', told(faults));
  const span = spanOf(settings, now);
  const never = new Set(do_not_call.map(dialedAs));
  const those = callees.map(({ to, uid = null, vars, time_zone = null }) => {
    const dialed = dialedAs(to);
    const due = never.has(dialed) ? undefined : opensFrom(settings, { time_zone }, span.starts);
    return { to: dialed, uid, vars, time_zone, due };
  });
  const made = await lists.start(organization, settings, those, { ...span, kept: kept(organization) });
  const left = those.filter(({ due }) => due === undefined).length;
  log.info({ list: made, agent: settings.agent, callees: those.length, left }, 'a list is begun');
  return { id: made, total: those.length, left_out: left };
}

function told(faults: readonly Fault[]): string {
  const some = faults
    .slice(0, MOST_TOLD)
    .map(({ path, what, mend }) => `${path.join('.')}: ${what} (${mend})`);
  const more = faults.length - some.length;
  return [...some, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
