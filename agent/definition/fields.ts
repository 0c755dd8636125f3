import { z } from 'zod';

/** Fields that several parts of a definition have. */
export const sentence = z.string().min(1).max(4_000);
export const seconds = z.number().positive().max(3_600);

export const tool = {
  enabled: z.boolean().default(true),
  description: sentence
    .optional()
    .describe('What the model is told about the tool, in place of our own words.'),
};
