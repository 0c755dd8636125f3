import { z } from 'zod';
import { named } from './schemas.ts';

const time = z.string().describe('RFC 3339');
const anything = z.record(z.string(), z.unknown());

const amount = z.string().describe('a decimal text with six places');

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
        supervisor: z.string().optional().describe('the id of the API key whose words they are'),
        created_at: time,
      }),
      z.strictObject({ role: z.literal('user'), content: z.string(), created_at: time }),
      z.strictObject({
        role: z.literal('system'),
        content: z.string().describe('what the model was told while the call ran'),
        supervisor: z.string().optional().describe('the id of the API key whose words they are'),
        created_at: time,
      }),
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
  route: z
    .string()
    .nullable()
    .describe('`agent/rule` where a rule of the agent that was called decided who answers, and how'),
  sent_into: z
    .looseObject({
      by: z.enum(['api', 'rule']),
      name: z.string().describe('the id of the API key, or the name of the rule'),
      participant: z.string().describe('the identity of the one whom the agent is there for'),
      overrides: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    })
    .nullable()
    .describe(
      'how the agent came into the room, where neither a dispatch rule nor an order to call somebody brought it',
    ),
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
  answered_by: z
    .enum(['human', 'machine', 'unknown'])
    .nullable()
    .describe('who picked up a call that the agent made, where it listened for it'),
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
  commands: z.array(anything).describe('what supervisors had done in the call'),
  recording: z
    .looseObject({
      status: z.enum([
        'starting',
        'active',
        'paused',
        'ending',
        'complete',
        'empty',
        'failed',
        'not_available',
        'no_consent',
        'given_up',
      ]),
      consent: z.enum(['none', 'heard', 'not_heard', 'agreed', 'declined']),
      code: z.string().nullable().describe('why it is not, or not wholly, there'),
      parts: z.array(
        z.looseObject({
          egress_id: z.string(),
          status: z.string(),
          file: z.string().describe('below the folder, or the prefix of the bucket, of the definition'),
          location: z.string().nullable().describe('where egress says that it is'),
          started_at: time.nullable(),
          ended_at: time.nullable(),
          seconds: z.number().nullable(),
          bytes: z.number().nullable(),
        }),
      ),
    })
    .nullable()
    .describe('the recording and its parts; null where none was asked for'),
  state: anything,
  flow: z.string().nullable().describe('the step that the call is in, or ended in'),
  flows: z
    .array(z.looseObject({ flow: z.string(), by: z.enum(['start', 'tool', 'rule']), at: time }))
    .describe('the steps that the call went through'),
  metrics: z
    .looseObject({ turns: z.array(anything) })
    .describe(
      'milliseconds of each answer by part; at the end also `talk`, `interruptions`, `gaps` and `models`',
    ),
  analysis: z
    .discriminatedUnion('status', [
      z.strictObject({ status: z.literal('pending') }),
      z.looseObject({
        status: z.literal('done'),
        model: z.string(),
        at: time,
        summary: z.string(),
        sentiment: z.enum(['positive', 'neutral', 'negative', 'mixed']).describe('the caller’s'),
        follow_ups: z.array(z.string()).describe('what is still to be done'),
        fields: anything.optional().describe('what the definition asks for besides'),
      }),
      z.looseObject({ status: z.literal('failed'), code: z.string().describe('`E_…`'), at: time }),
    ])
    .nullable()
    .describe('what a model found in the call after its end; null where none was asked'),
  cost: z
    .looseObject({
      currency: z.string(),
      total: amount.describe('of the parts that have a price'),
      parts: z.array(
        z.looseObject({
          part: z.enum(['llm', 'stt', 'tts', 'analysis', 'telephony']),
          name: z.string().describe('the model’s, or the trunk’s'),
          amount: amount.nullable().describe('null where there is no price for it'),
        }),
      ),
      prices: z.string().describe('`sha256:…` of the price file'),
    })
    .nullable()
    .describe('what the call came to, by the price file of its end'),
  warnings: z.array(z.looseObject({ code: z.string(), detail: z.string(), at: time })),
};

/** A thread as `GET /threads/{key}` gives it. Members that other versions add are let through. */
export const threadSchema = named('Thread', z.looseObject({ ...members, history: z.array(message) }));

/** A thread as lists give it. */
export const summarySchema = named(
  'ThreadSummary',
  z.looseObject(members).describe('A thread without its history'),
);
