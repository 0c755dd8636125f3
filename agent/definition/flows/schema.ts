import { z } from 'zod';
import { sentence } from '../fields.ts';
import { greeting } from '../greeting.ts';
import { patterns, PATTERN, when } from '../routes/schema.ts';
import { valueName } from '../values.ts';

/** A letter first: names of digits would not keep the order of the file. */
export const stepName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'lower-case letters, digits and hyphens, a letter first');

const whenInCall = when.extend({
  state: z
    .record(valueName, patterns)
    .optional()
    .describe(`What the call has collected, by name; what is not there yet fits nothing. ${PATTERN}`),
});

const step = z.strictObject({
  instructions: z
    .string()
    .min(1)
    .max(64_000)
    .optional()
    .describe("What the model is told in this step, behind the agent's own instructions. Template."),
  tools: z
    .array(z.string().min(1).max(64))
    .max(100)
    .optional()
    .describe("Names of the agent's tools that the model may use in this step; all of them unless set."),
  on_enter: sentence.optional().describe('Said when the call enters the step. Template.'),
  greeting: greeting
    .optional()
    .describe(
      'What the agent does on entering, behind on_enter. Unset, the model goes on; in the first step the agent greets as always.',
    ),
  on_exit: sentence.optional().describe('Said when the call goes on in another step. Template.'),
  goto: z
    .record(stepName, sentence)
    .default({})
    .describe('Steps that the model may go to, by name, and when; the model chooses by it.'),
  next: z
    .array(
      z.strictObject({
        when: whenInCall.prefault({}).describe('All of it has to hold; without any the rule always fits.'),
        goto: stepName.describe('The step that the call goes on in.'),
      }),
    )
    .max(100)
    .default([])
    .describe(
      'Rules that move the call on without the model: asked on entering and whenever state changes; the first that fits decides.',
    ),
});

export const flows = z
  .record(stepName, step)
  .refine((all) => Object.keys(all).length <= 100, 'name at most 100')
  .default({})
  .describe(
    'Steps of a call by name, each with its own instructions, tools and greeting. The call begins in `flow`.',
  );

export type Flows = z.infer<typeof flows>;
export type Step = Flows[string];
export type WhenInCall = z.infer<typeof whenInCall>;
