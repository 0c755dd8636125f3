import { z } from 'zod';
import { sentence, straight } from './fields.ts';

const pattern = z.string().min(1).max(320);
const trunkName = z.string().min(1).max(128);

/** What an agent may call by itself, when somebody asks it to over the API. Without it: nothing. */
export const outbound = z
  .strictObject({
    allow: z
      .array(pattern)
      .min(1)
      .max(1_000)
      .describe(
        'What may be dialed, and nothing else: numbers as +15550123, +1555* (whatever follows) or +1555??? (a digit each), addresses as sip:desk@pbx.example.com or sip:*@pbx.example.com; :* behind the host for any port.',
      ),
    never: z
      .array(pattern)
      .max(1_000)
      .default([])
      .describe(
        'What may not, though allow has it: patterns as there, and of what is dialed at an address, 0900*.',
      ),
    trunks: z
      .array(trunkName)
      .max(100)
      .default([])
      .describe(
        'Names of outbound trunks that numbers may be dialed over; the first, unless a request says another.',
      ),
    caller_ids: z
      .array(z.string().min(1).max(64))
      .max(1_000)
      .default([])
      .describe(
        "What a callee may see as the caller; the first, unless a request says another. None: the trunk's number.",
      ),
    organizations: z
      .array(z.string().min(1).max(63))
      .max(1_000)
      .optional()
      .describe('Whose API keys may have it call; those of all organizations unless set.'),
    display_name: sentence.max(128).optional().describe('Name that the callee sees. Template.'),
    ...straight,
    headers: z
      .record(z.string(), z.string())
      .default({})
      .describe('Headers of the INVITE, by name. Their values are templates.'),
    machine: z
      .strictObject({
        message: sentence
          .optional()
          .describe(
            'Said to an answering machine, after its tone; without it the call is hung up. Template.',
          ),
        longest_greeting: z
          .number()
          .min(0.5)
          .max(10)
          .default(2)
          .describe(
            'Seconds that a person says at most when they pick up; whoever talks longer is a machine.',
          ),
        pause: z
          .number()
          .min(0.3)
          .max(3)
          .default(0.8)
          .describe('Seconds of silence that end those first words.'),
        silence: z
          .number()
          .min(1)
          .max(20)
          .default(4)
          .describe(
            'Seconds without a word after which it stays unknown who picked up, and the agent speaks.',
          ),
        tone_within: z
          .number()
          .min(1)
          .max(120)
          .default(30)
          .describe("Seconds that a machine's tone is waited for; the message is said without it then."),
      })
      .optional()
      .describe('The agent listens who picks up before it speaks: a person, or an answering machine.'),
    ring_timeout: z
      .number()
      .positive()
      .max(75)
      .default(30)
      .describe('Seconds until nobody has answered, unless a request says less.'),
  })
  .optional();

export type Outbound = NonNullable<z.infer<typeof outbound>>;
