import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { ErrorCode } from '../../base/errors.ts';
import {
  COMMAND_ARGUMENTS,
  type Command,
  type CallCommandKind,
  type GivenCommand,
} from '../../threads/command.ts';
import type { Threads } from '../../threads/store.ts';
import { operation, type Asked, type Operation } from '../operation.ts';
import { named, none } from '../schemas.ts';
import { byCall, liveCall } from './live.ts';

const SECOND = 1_000;

interface About {
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** Milliseconds that it may take until its reply. */
  readonly reply: number;
  readonly errors?: readonly ErrorCode[];
  readonly result: z.ZodType;
}

const nothing = z.strictObject({});
const attempt = {
  status: z.enum(['completed', 'busy', 'no-answer', 'rejected', 'failed', 'timeout', 'canceled']),
  cause: z.string().nullable(),
  code: z.number().nullable(),
  sip_status: z.number().nullable(),
  method: z.enum(['refer', 'bridge', 'warm']),
  to: z.string(),
  seconds: z.number(),
};

const ABOUT: Readonly<Record<CallCommandKind, About>> = {
  say: {
    id: 'sayInCall',
    summary: 'Says something to the caller, in the agent’s voice',
    description:
      'Behind what is being said just now, and also where the agent is muted. Answers when the caller has heard it. The agent takes it for its own ' +
      'words; the thread says whose they were.',
    reply: 120 * SECOND,
    errors: ['E_MODEL_FAILED'],
    result: z.strictObject({ interrupted: z.boolean().describe('the caller, or a key, cut it off') }),
  },
  context: {
    id: 'tellAgent',
    summary: 'Tells the agent something that the caller does not hear',
    description:
      'It heeds it as far as its rules allow, from the next time on that it speaks; with `reply` it speaks at once, unless it is muted.',
    reply: 10 * SECOND,
    result: nothing,
  },
  digits: {
    id: 'pressKeys',
    summary: 'Presses keys on the line of the one whom the agent talks to',
    reply: 60 * SECOND,
    errors: ['E_NO_SIP_LEG'],
    result: nothing,
  },
  transfer: {
    id: 'transferCall',
    summary: 'Puts the caller through to a destination of the agent’s definition',
    description:
      'By the method that the destination has. The agent breaks off. Answers when the transfer has come to its end: `status` says how; where it ' +
      'is not `completed`, the caller is back with the agent.',
    reply: 300 * SECOND,
    errors: ['E_DESTINATION_UNKNOWN', 'E_TRANSFER_RUNNING', 'E_CONSULT_RUNNING', 'E_NO_SIP_LEG'],
    result: z.strictObject({ ...attempt, attempts: z.array(z.strictObject(attempt)).optional() }),
  },
  hangup: {
    id: 'hangUpCall',
    summary: 'Hangs up',
    description: 'At once, in the middle of a word. The end reason is `supervisor_hung_up`.',
    reply: 10 * SECOND,
    result: nothing,
  },
  mute: {
    id: 'muteAgent',
    summary: 'Has the agent keep silent until it is unmuted',
    description:
      'It breaks off and its model is not asked. It goes on listening, so that it knows afterwards what the caller said. `say` is heard all the same.',
    reply: 10 * SECOND,
    result: nothing,
  },
  unmute: {
    id: 'unmuteAgent',
    summary: 'Lets the agent speak again, when it is next spoken to',
    reply: 10 * SECOND,
    result: nothing,
  },
};

const REPLY_NAMES: Readonly<Partial<Record<CallCommandKind, string>>> = {
  say: 'SaidReply',
  transfer: 'TransferReply',
};

/** `POST /calls/{key}/…`: what can be done in a call that runs, each as a command to the worker that holds it. */
export function commandOperations(threads: Pick<Threads, 'read' | 'commands'>): Operation[] {
  return (Object.keys(ABOUT) as CallCommandKind[]).map((kind) => {
    const { result, reply, errors = [], ...about } = ABOUT[kind];
    const takesNothing = Object.keys(COMMAND_ARGUMENTS[kind].shape).length === 0;
    const name = REPLY_NAMES[kind];
    const answer = z.strictObject({
      id: z.string().describe('of the command, as it stands on the thread'),
      result: result.describe('what came of it'),
    });
    return operation({
      ...about,
      method: 'POST',
      path: `/calls/{key}/${kind}`,
      tag: 'Calls',
      scope: 'control',
      params: byCall,
      query: none,
      ...(takesNothing ? {} : { body: COMMAND_ARGUMENTS[kind] }),
      creates: true,
      answers: [
        { status: 200, description: 'It is done', schema: name === undefined ? answer : named(name, answer) },
      ],
      errors: [
        'E_THREAD_NOT_FOUND',
        'E_CALL_OVER',
        'E_CALL_ENDING',
        'E_LIMIT_REACHED',
        'E_COMMAND_UNTAKEN',
        'E_COMMAND_UNANSWERED',
        ...errors,
      ],
      run: async (asked: Asked<z.output<typeof byCall>, object, unknown>) => {
        const { client, params, request } = asked;
        const { id } = await liveCall(threads, client, params.key);
        const command = { kind, arguments: asked.body ?? {} } as Command;
        const given: GivenCommand = { ...command, id: idOf(asked, kind), by: client.key };
        const call = { organization: client.organization, id };
        const wait = { reply, signal: request.signal };
        return { id: given.id, result: await threads.commands.give(call, given, wait) };
      },
    });
  });
}

/**
 * A request that is sent again with the same Idempotency-Key and body, because its answer was lost, is the same command: it is not done twice.
 */
function idOf(
  { client, params, request, body }: Asked<{ key: string }, object, unknown>,
  kind: string,
): string {
  const key = request.headers.get('idempotency-key');
  const text = key === null ? undefined : JSON.stringify([client.key, params.key, kind, key, body]);
  const bytes =
    text === undefined ? randomBytes(16) : createHash('sha256').update(text).digest().subarray(0, 16);
  return `cmd_${bytes.toString('hex')}`;
}
