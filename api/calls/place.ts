import { z } from 'zod';
import { targetOf } from '../../agent/definition/dialable.ts';
import { isUid } from '../../base/ids.ts';
import { operation, type Operation } from '../operation.ts';
import { agentName, atMost, line, named, none, variables } from '../schemas.ts';
import type { OutboundCalls } from './outbound.ts';

const MOST_HEADERS = 32;

/** What a call can be asked to be. */
export const callFields = {
  to: z
    .string()
    .min(1)
    .max(320)
    .refine((text) => targetOf(text) !== undefined, 'write a number as +15550123, or sip:user@host')
    .describe('who is called: a number in E.164, `+15550123`, or `sip:user@host`'),
  agent: agentName.describe('who talks'),
  trunk: line(128)
    .min(1)
    .optional()
    .describe('an outbound trunk that the agent may use; its first unless said'),
  caller_id: line(64)
    .min(1)
    .optional()
    .describe('one of those that the agent may show; its first unless said'),
  vars: variables.default({}).describe('`{{vars.…}}` of the agent’s texts'),
  uid: z
    .string()
    .refine(isUid, 'write 1 to 256 printable ASCII characters without spaces')
    .optional()
    .describe('your own id of the call; the thread’s unless said'),
  headers: z
    .record(
      z.string().regex(/^x-(?!attendant-)[a-z0-9-]{1,60}$/i, 'a name that starts with X-'),
      line(512).regex(/^[\x20-\x7e]*$/, 'printable ASCII'),
    )
    .refine(atMost(MOST_HEADERS), `give at most ${MOST_HEADERS}`)
    .default({})
    .describe('X- headers of the INVITE'),
  ring_timeout: z
    .number()
    .min(1)
    .max(75)
    .optional()
    .describe('seconds until nobody has answered; not more than the agent’s own'),
};

const requestSchema = named('CallRequest', z.strictObject(callFields));

const placedSchema = named(
  'PlacedCall',
  z.strictObject({
    id: z.string().describe('of its thread, `thr_…`, which is there from now on'),
    uid: z.string(),
    agent: z.string(),
    to: z.string().describe('who is dialed'),
    caller_id: z.string().nullable().describe('what they see; null: the trunk’s own number'),
    trunk: z.string().nullable(),
  }),
);

/** `POST /calls`: an agent calls somebody. */
export function placingOperations(calls: Pick<OutboundCalls, 'place'>): Operation[] {
  return [
    operation({
      id: 'placeCall',
      method: 'POST',
      path: '/calls',
      tag: 'Calls',
      scope: 'control',
      summary: 'Has an agent call somebody',
      description:
        'What an agent may dial stands in the `outbound` section of its definition. How the call goes stands on its thread, also where ' +
        'nobody answers: `end_reason` says `busy`, `no_answer`, `rejected` and the like, with `sip_status`.',
      params: none,
      query: none,
      body: requestSchema,
      creates: true,
      answers: [{ status: 202, description: 'The call is being made', schema: placedSchema }],
      errors: [
        'E_OUTBOUND_REFUSED',
        'E_OUTBOUND_LIMIT',
        'E_DIAL_LIMIT',
        'E_DEFINITION_NOT_FOUND',
        'E_DEFINITION_INVALID',
      ],
      run: async ({ client, body }) => {
        const { start, trunk } = await calls.place(client.organization, body);
        const { id, uid, agent, caller } = start;
        return { id, uid, agent, to: caller.dialed, caller_id: caller.number || null, trunk };
      },
    }),
  ];
}
