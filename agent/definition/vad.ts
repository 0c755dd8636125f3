import { z } from 'zod';

/** How speech is told from what else is heard, in the other side's sound. Silero's own, but for a shorter silence, which ends a turn sooner. */
export const vad = z
  .strictObject({
    threshold: z
      .number()
      .min(0.05)
      .max(0.95)
      .default(0.5)
      .describe('How sure it has to be that somebody speaks. More for a loud room, less for a soft voice.'),
    speech: z
      .number()
      .min(0.03)
      .max(1)
      .default(0.05)
      .describe('Seconds of it that count as the beginning of speech.'),
    silence: z
      .number()
      .min(0.1)
      .max(2)
      .default(0.4)
      .describe('Seconds without it after which somebody has stopped speaking.'),
  })
  .prefault({});
