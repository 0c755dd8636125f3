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
