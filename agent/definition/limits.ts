import { z } from 'zod';

const sentence = z.string().min(1).max(1_000);

const most = z.number().int().min(0).max(1_000_000).optional();

/** How long a call and a silence may last, and what is said then. Seconds. */
export const limits = z
  .strictObject({
    max_duration: z
      .number()
      .positive()
      .max(86_400)
      .default(3_600)
      .describe('Seconds until the agent says goodbye and the call is ended, whatever goes on.'),
    duration_warning: z
      .strictObject({
        before: z
          .number()
          .min(0)
          .max(3_600)
          .default(60)
          .describe('Seconds before that end; 0 for no warning. It is said between two turns.'),
        text: sentence.default('We only have a little time left on this call.').describe('Template.'),
      })
      .prefault({}),
    duration_goodbye: sentence
      .default('I am sorry, our time on this call is up. Goodbye.')
      .describe('Said when the time is up. Template.'),
    silence: z
      .number()
      .min(0)
      .max(3_600)
      .default(12)
      .describe(
        'Seconds that a caller may say and press nothing after the agent has spoken, before it asks again; 0 for ever.',
      ),
    silence_reprompts: z
      .number()
      .int()
      .min(0)
      .max(10)
      .default(2)
      .describe('How often it asks again. After one more silence it says goodbye and hangs up.'),
    silence_reprompt: sentence
      .default('Are you still there?')
      .describe('Asked where the model cannot. Template.'),
    dialing: z
      .strictObject({
        per_hour: most.describe('Calls and transfers of this agent within an hour, however they go.'),
        per_caller: most.describe('Likewise for one and the same caller, by their number.'),
        per_destination: most.describe('Likewise to one and the same destination.'),
        per_trunk: most.describe(
          'Calls at once over an outbound trunk, of all agents of the organization; beyond that this one makes none there.',
        ),
      })
      .prefault({})
      .describe(
        'How much the agent may dial, counted by all workers together; without limits as much as it is asked to.',
      ),
    silence_goodbye: sentence
      .default('I cannot hear you, so I will hang up now. Goodbye.')
      .describe('Template.'),
  })
  .prefault({});
