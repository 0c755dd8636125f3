import { z } from 'zod';

const pattern = z.string().min(1).max(320);

/** Where a function of the code may hand the caller over to. Without it: nowhere. */
export const handoff = z
  .strictObject({
    allow: z
      .array(pattern)
      .min(1)
      .max(1_000)
      .describe(
        'Where to, and nowhere else: +15550123, +1555*, +1555???, sip:desk@pbx.example.com, sip:*@pbx.example.com.',
      ),
    never: z
      .array(pattern)
      .max(1_000)
      .default([])
      .describe('Where not, though allow has it: as there, and 0900*.'),
    trunks: z
      .array(z.string().min(1).max(128))
      .max(100)
      .default([])
      .describe(
        'Names of outbound trunks that an INVITE may go over; the first, unless a function says another.',
      ),
    caller_ids: z
      .array(z.string().min(1).max(64))
      .max(1_000)
      .default([])
      .describe(
        "What a callee may see as the caller; the first, unless a function says another. None: the caller's.",
      ),
    ring_timeout: z
      .number()
      .positive()
      .max(75)
      .default(30)
      .describe('Seconds until an attempt counts as no answer.'),
    hold_music: z
      .boolean()
      .default(true)
      .describe('What the caller hears meanwhile: music (true) or a ringback tone (false).'),
  })
  .optional();
