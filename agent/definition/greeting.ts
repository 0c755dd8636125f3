import { z } from 'zod';
import { sentence } from './fields.ts';

/** How the agent begins. */
export const greeting = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('generated'),
    instructions: sentence.describe('What the model is told to say first. Template.'),
  }),
  z.strictObject({ kind: z.literal('fixed'), text: sentence.describe('Said as it is. Template.') }),
  z.strictObject({ kind: z.literal('none') }),
]);
