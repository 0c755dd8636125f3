import { z } from 'zod';

const sentence = z.string().min(1).max(1_000);

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
    silence_goodbye: sentence
      .default('I cannot hear you, so I will hang up now. Goodbye.')
      .describe('Template.'),
  })
  .prefault({});
