import { z } from 'zod';

const sentence = z.string().min(1).max(1_000);

/** What the caller hears, and where they are put through to, when models fail. */
export const trouble = z
  .strictObject({
    filler_after: z
      .number()
      .positive()
      .max(60)
      .optional()
      .describe(
        'Seconds that a caller waits for a reply before the filler is said. 2.5; with keyless models 10.',
      ),
    filler: sentence.default('One moment, please.').describe('Said while a reply takes long. Template.'),
    again: sentence
      .default('Let me say that again.')
      .describe('Said by the model that takes over in the middle of a reply.'),
    apology: sentence
      .default('I am sorry, there is a technical problem here.')
      .describe('Said when a part has failed for good. Template.'),
    transfer: z
      .string()
      .optional()
      .describe(
        'Name of the transfer_call destination that the caller is put through to then; else it is hung up.',
      ),
    handover: sentence
      .default('I am putting you through to a colleague.')
      .describe('Said after the apology, before that transfer. Template.'),
    resumed: sentence
      .default('I am sorry, we were interrupted for a moment.')
      .describe('Said when another worker takes the call over from one that has died. Template.'),
    goodbye: sentence
      .default('Please call again later. Goodbye.')
      .describe('Said before it is hung up. Template.'),
  })
  .prefault({});
