import { z } from 'zod';
import { named } from './schemas.ts';

const time = z.string().describe('RFC 3339');
const anything = z.record(z.string(), z.unknown());

const toolCall = z.strictObject({
  id: z.string(),
  type: z.literal('function'),
  function: z.strictObject({ name: z.string(), arguments: z.string().describe('JSON') }),
});

const message = named(
  'Message',
  z
    .discriminatedUnion('role', [
      z.strictObject({
        role: z.literal('assistant'),
        content: z.string(),
        tool_calls: z.array(toolCall).optional().describe('absent where there are none'),
        interrupted: z.literal(true).optional(),
        created_at: time,
      }),
      z.strictObject({ role: z.literal('user'), content: z.string(), created_at: time }),
      z.strictObject({
        role: z.literal('tool'),
        tool_call_id: z.string(),
        name: z.string(),
        content: z.string().describe('JSON'),
        created_at: time,
      }),
    ])
    .describe('One message, in the shape of OpenAI’s chat messages'),
);

const members = {
  id: z.string().describe('`thr_…`'),
  uid: z.string().describe('the id that the PBX gave the call; the thread’s own where it gave none'),
  organization: z.string(),
  agent: z.string(),
  agent_version: z.string().describe('hash of the agent’s definition'),
  status: z.enum(['active', 'ended']),
  direction: z.enum(['inbound', 'outbound']),
  parent: z.string().nullable().describe('the thread that a side call was made for'),
  caller: z.looseObject({
    number: z.string(),
    name: z.string(),
    dialed: z.string(),
    trunk: z.string(),
    sip_call_id: z.string(),
    headers: z.record(z.string(), z.string()),
    vars: z.record(z.string(), z.string()),
  }),
  room: z.string(),
  started_at: time,
  answered_at: time.nullable(),
  ended_at: time.nullable(),
  end_reason: z
    .looseObject({
      result: z.enum(['completed', 'transferred', 'failed', 'abandoned']),
      reason: z.string().describe('a word for programs'),
      sip_status: z.int().optional(),
      part: z.enum(['stt', 'llm', 'tts']).optional(),
      cause: z.string().optional(),
    })
    .nullable(),
  outcome: anything.nullable().describe('the arguments of end_dialog'),
  digits: z.array(anything).describe('each keypad collection'),
  transfers: z.array(anything).describe('each attempt and its result'),
  consults: z.array(anything).describe('each side call and its result'),
  state: anything,
  metrics: z
    .looseObject({ turns: z.array(anything) })
    .describe('milliseconds of each answer by part; at the end also `talk`, `interruptions` and `models`'),
  warnings: z.array(z.looseObject({ code: z.string(), detail: z.string(), at: time })),
};

/** A thread as `GET /threads/{key}` gives it. Members that other versions add are let through. */
export const threadSchema = named('Thread', z.looseObject({ ...members, history: z.array(message) }));

/** A thread as lists give it. */
export const summarySchema = named(
  'ThreadSummary',
  z.looseObject(members).describe('A thread without its history'),
);
