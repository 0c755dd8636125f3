import { z } from 'zod';
import type { Problem } from '../../base/problem.ts';
import type { Source } from '../../base/source.ts';
import { sentence } from './fields.ts';

/** Characters of a text: where its declaration says nothing, and at most. What a header carries has to fit into a UDP packet. */
const USUAL_LENGTH = 256;
const MOST_LENGTH = 1_024;
const MOST_VALUES = 32;

/** How templates name it, too (template.ts). */
export const valueName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'letters, digits and underscores, a letter first');

const description = sentence.optional().describe('What the model is told about it.');
const numeric = {
  description,
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  enum: z.array(z.number()).min(1).max(50).optional(),
};

/** One value of few kinds, in the words of JSON Schema. */
const value = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('string'),
    description,
    maxLength: z.number().int().min(1).max(MOST_LENGTH).default(USUAL_LENGTH).describe('Characters.'),
    pattern: z.string().min(1).max(500).optional().describe('Regular expression.'),
    enum: z.array(z.string().max(MOST_LENGTH)).min(1).max(50).optional(),
  }),
  z.strictObject({ type: z.literal('integer'), ...numeric }),
  z.strictObject({ type: z.literal('number'), ...numeric }),
  z.strictObject({ type: z.literal('boolean'), description }),
]);

/** Values by name, each with what it may be. */
export const values = z
  .record(valueName, value)
  .refine((all) => Object.keys(all).length <= MOST_VALUES, `name at most ${MOST_VALUES}`);

export type Values = z.infer<typeof values>;

/** JSON Schema (draft-07) of an object with these values and no others, all of them optional unless `required`. */
export function valuesSchema(declared: Values, options: { required: boolean }): Record<string, unknown> {
  return {
    type: 'object',
    properties: declared,
    required: options.required ? Object.keys(declared) : [],
    additionalProperties: false,
  };
}

/** Patterns that are none. */
export function patternProblems(source: Source, path: readonly string[], declared: Values): Problem[] {
  return Object.entries(declared).flatMap(([name, one]) => {
    if (one.type !== 'string' || one.pattern === undefined || isPattern(one.pattern)) return [];
    const at = [...path, name, 'pattern'];
    return [source.problem(at, `${at.join('.')}: is no regular expression`, 'write it like ^[0-9]{9}$')];
  });
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u').source !== '';
  } catch {
    return false;
  }
}
