import { z } from 'zod';
import { isAgentName } from '../base/ids.ts';

/** The schemas that have a name in the OpenAPI document. */
export const components = z.registry<{ id: string }>();

/** Gives a schema its name in the OpenAPI document. */
export function named<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  components.add(schema, { id });
  return schema;
}

/** Of a query. A `+` that nobody encoded arrives as a space. */
export const withPlus = (text: z.ZodString) => text.transform((given) => given.replace(/^ /, '+'));

export const agentName = z.string().max(63).refine(isAgentName, 'give the name of an agent');

/** No parameters. */
export const none = z.strictObject({});

/** One line of text, as it may stand in a header, a prompt and a log. */
export const line = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[^\p{Cc}\u2028\u2029]*$/u, 'write it on one line, without control characters');

export const atMost = (most: number) => (members: object) => Object.keys(members).length <= most;

const MOST_VARS = 64;

/** Variables of a call. */
export const variables = z
  .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'letters, digits and underscores'), line(2_048))
  .refine(atMost(MOST_VARS), `give at most ${MOST_VARS}`);
