import { z } from 'zod';
import { overridesSchema } from '../../agent/definition/overrides.ts';
import { isUid } from '../../base/ids.ts';
import type { RoomAgent } from '../../threads/room-agents.ts';
import { operation, type Operation } from '../operation.ts';
import { agentName, named, none, variables } from '../schemas.ts';
import type { RoomDispatch } from './room-dispatch.ts';

const MOST_NAME = 512;

const requestSchema = named(
  'RoomAgentRequest',
  z.strictObject({
    agent: agentName.describe('who talks'),
    participant_identity: z
      .string()
      .min(1)
      .max(MOST_NAME)
      .describe('with whom: the identity of one who is in the room'),
    uid: z
      .string()
      .refine(isUid, 'write 1 to 256 printable ASCII characters without spaces')
      .optional()
      .describe('your own id of the call; that of the participant’s `x-uid`, or the thread’s, unless said'),
    vars: variables.default({}).describe('`{{vars.…}}` of the agent’s texts; they win over `x-vars`'),
    overrides: overridesSchema
      .default({})
      .describe('what differs from the agent’s definition, in its words, for this call only'),
  }),
);

const agentSchema = named(
  'RoomAgent',
  z.strictObject({
    id: z.string().describe('of its thread, `thr_…`'),
    agent: z.string(),
    participant_identity: z.string().describe('whom it is there for'),
    identity: z.string().nullable().describe('its own in the room; null until a worker has it'),
    state: z.enum(['waiting', 'joining', 'there']),
    by: z.enum(['api', 'rule', 'dispatch']).describe('what brought it'),
  }),
);

const inRoom = z.object({ room: z.string().max(1_024).describe('the name of a room at LiveKit') });
const agentInRoom = inRoom.extend({ id: z.string().max(128).describe('of the agent’s thread, `thr_…`') });
const leaving = z.strictObject({
  hang_up: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .describe('removes the participant too'),
});

/** `/rooms/{room}/agents`: agents in any room, each for one participant. */
export function roomOperations(rooms: Pick<RoomDispatch, 'send' | 'list' | 'takeOut'>): Operation[] {
  const common = { tag: 'Rooms' } as const;
  return [
    operation({
      ...common,
      id: 'sendAgent',
      method: 'POST',
      path: '/rooms/{room}/agents',
      scope: 'control',
      summary: 'Puts an agent into a room, for one participant',
      description:
        'Answers when the agent is there. Each participant has one agent at most, whoever sent it: where one is there already this ' +
        'answers 409 with its thread. Where no worker takes it nothing is left behind. The call goes on until the participant leaves, ' +
        'the agent ends it (then the participant is removed from the room, and nobody else), or it is taken out.',
      params: inRoom,
      query: none,
      body: requestSchema,
      creates: true,
      answers: [{ status: 201, description: 'The agent is there', schema: agentSchema }],
      errors: [
        'E_ROOM_NOT_FOUND',
        'E_PARTICIPANT_NOT_FOUND',
        'E_AGENT_PRESENT',
        'E_CALL_OVER',
        'E_DEFINITION_NOT_FOUND',
        'E_DEFINITION_INVALID',
        'E_NO_WORKER',
        'E_WORKER_FULL',
        'E_LIVEKIT_UNREACHABLE',
      ],
      run: async ({ client, params, body }) => {
        const { participant_identity: participant, ...request } = body;
        const by = { kind: 'api', key: client.key } as const;
        return shown(
          await rooms.send(client.organization, params.room, { ...request, participant, by, again: true }),
        );
      },
    }),
    operation({
      ...common,
      id: 'listRoomAgents',
      method: 'GET',
      path: '/rooms/{room}/agents',
      scope: 'read',
      summary: 'The agents in a room, and those on their way',
      params: inRoom,
      query: none,
      answers: [
        {
          status: 200,
          description: 'The agents',
          schema: named('RoomAgentList', z.strictObject({ agents: z.array(agentSchema) })),
        },
      ],
      errors: ['E_ROOM_NOT_FOUND', 'E_LIVEKIT_UNREACHABLE'],
      run: async ({ client, params }) => ({
        agents: (await rooms.list(client.organization, params.room)).map(shown),
      }),
    }),
    operation({
      ...common,
      id: 'takeAgentOut',
      method: 'DELETE',
      path: '/rooms/{room}/agents/{id}',
      scope: 'control',
      summary: 'Takes an agent out of a room; its participant stays',
      description:
        'Whoever sent it. Answers when the agent is out. The end reason on its thread is `taken_out`. No rule sends another one for as long as the ' +
        'participant stays; a request can.',
      params: agentInRoom,
      query: leaving,
      answers: [{ status: 204, description: 'It is out' }],
      errors: ['E_ROOM_NOT_FOUND', 'E_AGENT_NOT_FOUND', 'E_COMMAND_UNANSWERED', 'E_LIVEKIT_UNREACHABLE'],
      run: async ({ client, params, query, request }) => {
        const asker = { ...client, signal: request.signal };
        await rooms.takeOut(asker, params.room, { id: params.id, hangUp: query.hang_up });
        return undefined;
      },
    }),
  ];
}

function shown({ id, agent, participant, identity, state, by }: RoomAgent) {
  return { id, agent, participant_identity: participant, identity, state, by: by.kind };
}
