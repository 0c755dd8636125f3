import { z } from 'zod';
import { asAttendantError, AttendantError } from '../../base/errors.ts';
import type { Definitions } from '../../agent/definition/definitions.ts';
import { CALL_COMMAND_KINDS, type CallCommandKind } from '../../threads/command.ts';
import type { ThreadSummary } from '../../threads/hash.ts';
import type { Threads } from '../../threads/store.ts';
import type { Thread } from '../../threads/thread.ts';
import { operation, type Client, type Operation } from '../operation.ts';
import { named, none } from '../schemas.ts';

const members = {
  id: z.string().describe('of its thread, `thr_…`'),
  uid: z.string(),
  agent: z.string(),
  direction: z.enum(['inbound', 'outbound']),
  parent: z.string().nullable().describe('the thread that a side call was made for'),
  caller: z.string().describe('the caller’s number'),
  dialed: z.string(),
  state: z.enum(['ringing', 'talking', 'muted']).describe('`muted`: the agent keeps silent'),
  since: z.string().describe('when it was answered; while it rings, when it came. RFC 3339'),
};
const callSchema = named('LiveCall', z.strictObject(members).describe('A call that runs'));
const oneSchema = named(
  'LiveCallWithCommands',
  z.strictObject({
    ...members,
    commands: z
      .array(z.enum(CALL_COMMAND_KINDS as [CallCommandKind, ...CallCommandKind[]]))
      .describe('what this key may have done in it: `POST /calls/{key}/<command>`'),
    destinations: z
      .array(
        z.strictObject({
          name: z.string().describe('for `transfer`'),
          description: z.string(),
          method: z.enum(['refer', 'bridge', 'warm']),
        }),
      )
      .describe('where the caller can be put through, as the agent’s file stands now'),
  }),
);
const listSchema = named(
  'LiveCallList',
  z.strictObject({
    calls: z.array(callSchema).describe('the newest first'),
    next: z.string().nullable().describe('the cursor of the next page; null where there is none'),
  }),
);
const page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(50).default(50).describe('calls on a page'),
  cursor: z.string().min(1).max(256).optional().describe('`next` of the page before'),
});

export const byCall = z.object({
  key: z.string().max(1_024).describe('the id of the call’s thread, or its UID'),
});

/** `GET /calls`: the calls that run. */
export function liveOperations(parts: {
  threads: Pick<Threads, 'read' | 'list'>;
  definitions: Definitions;
}): Operation[] {
  const { threads, definitions } = parts;
  const common = { method: 'GET', tag: 'Calls', scope: 'read' } as const;
  return [
    operation({
      ...common,
      id: 'listCalls',
      path: '/calls',
      summary: 'The calls that run',
      params: none,
      query: page,
      answers: [{ status: 200, description: 'A page of them', schema: listSchema }],
      run: async ({ client, query }) => {
        const active = await threads.list(client.organization, { status: 'active' }, query);
        return { calls: active.threads.map(shown), next: active.next };
      },
    }),
    operation({
      ...common,
      id: 'getCall',
      path: '/calls/{key}',
      summary: 'A call that runs, and what can be done in it',
      params: byCall,
      query: none,
      answers: [{ status: 200, description: 'The call', schema: oneSchema }],
      errors: ['E_THREAD_NOT_FOUND', 'E_CALL_OVER'],
      run: async ({ client, params }) => {
        const call = await liveCall(threads, client, params.key);
        const destinations = destinationsOf(definitions, call);
        const commands = CALL_COMMAND_KINDS.filter((kind) => kind !== 'transfer' || destinations.length > 0);
        return { ...shown(call), commands: client.scope === 'read' ? [] : commands, destinations };
      },
    }),
  ];
}

/** The call of an id or UID. @throws AttendantError E_THREAD_NOT_FOUND, E_CALL_OVER */
export async function liveCall(threads: Pick<Threads, 'read'>, client: Client, key: string): Promise<Thread> {
  const thread = await threads.read(client.organization, key);
  if (!thread) throw new AttendantError('E_THREAD_NOT_FOUND', 'no thread has this id or UID');
  if (thread.status === 'ended') throw new AttendantError('E_CALL_OVER', 'the call is over');
  return thread;
}

function shown(thread: ThreadSummary) {
  const { id, uid, agent, direction, parent, caller, answered_at, started_at, commands } = thread;
  const silenced = commands.findLast(({ kind, status }) => status === 'done' && /^(un)?mute$/.test(kind));
  const up = silenced?.kind === 'mute' ? 'muted' : 'talking';
  return {
    id,
    uid,
    agent,
    direction,
    parent,
    caller: caller.number,
    dialed: caller.dialed,
    state: answered_at === null ? 'ringing' : up,
    since: answered_at ?? started_at,
  };
}

/** As the definition lists them; the worker has the last word. A side call's agent hands nobody over. */
function destinationsOf(definitions: Definitions, call: Thread) {
  if (call.parent !== null) return [];
  try {
    const { transfer_call } = definitions.get(call.agent).definition.tools;
    if (!transfer_call?.enabled) return [];
    return Object.entries(transfer_call.destinations).map(([name, { description, method }]) => ({
      name,
      description,
      method,
    }));
  } catch (thrown) {
    if (asAttendantError(thrown).code === 'E_INTERNAL') throw thrown;
    return []; // The file is wrong just now, or gone; the call goes on with what it began with.
  }
}
