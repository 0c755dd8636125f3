import { z } from 'zod';
import { AttendantError } from '../../base/errors.ts';
import { type Definition, definitionSchema } from './definition.ts';
import { environmentOf, templateFaults } from './template.ts';

/** Sections of a definition that a single call may have otherwise. What an agent can do and reach (tools, destinations, outbound, …) is none of them. */
const SECTIONS = ['models', 'persona', 'language', 'pronunciation', 'turns', 'greeting', 'limits'] as const;
const MOST_INSTRUCTIONS = 8_000;
/** In which no text is said, or told to a model. */
const NO_SPEECH: readonly string[] = ['models', 'language'];

type Shape = Readonly<Record<string, z.ZodType>>;

/** The schema itself, without its default and without being optional. */
function bare(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)
    return bare(schema.unwrap() as z.ZodType);
  return schema;
}

/** Whether anything in it names a variable of the environment: where a server is, and with which key, is not for a request to say. */
function namesEnvironment(schema: z.ZodType): boolean {
  return JSON.stringify(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })).includes('_env"');
}

/** The schema with everything optional and nothing filled in, and without what names the environment; undefined where nothing is left. */
function partial(schema: z.ZodType): z.ZodType | undefined {
  const inner = bare(schema);
  if (!(inner instanceof z.ZodObject)) return namesEnvironment(inner) ? undefined : inner;
  const shape = Object.entries(inner.shape as Shape).flatMap(([name, field]) => {
    const left = name.endsWith('_env') ? undefined : partial(field);
    return left ? [[name, describedAs(field, left).optional()] as const] : [];
  });
  return shape.length > 0 ? z.strictObject(Object.fromEntries(shape)) : undefined;
}

function describedAs(field: z.ZodType, left: z.ZodType): z.ZodType {
  const description = field.description ?? bare(field).description;
  return description === undefined ? left : left.describe(description);
}

const sections = Object.entries(definitionSchema.shape as Shape).flatMap(([name, schema]) => {
  const left = (SECTIONS as readonly string[]).includes(name) ? partial(schema) : undefined;
  return left ? [[name, left.optional()] as const] : [];
});

/**
 * What may differ from an agent's definition on one call, in the words of the definition. Made of the definition's own schema, so that it follows.
 */
export const overridesSchema = z
  .strictObject({
    ...(Object.fromEntries(sections) as Record<string, z.ZodOptional<z.ZodType>>),
    instructions: z
      .string()
      .min(1)
      .max(MOST_INSTRUCTIONS)
      .optional()
      .describe("Stands behind the agent's own instructions. Template."),
  })
  .superRefine((overrides, context) => {
    for (const [path, text] of textsOf(overrides)) {
      if (environmentOf(text).length > 0)
        context.addIssue({
          code: 'custom',
          path,
          message: 'a call has no say in the environment: leave {{env.…}} out',
        });
      for (const { what } of templateFaults(text)) context.addIssue({ code: 'custom', path, message: what });
    }
  });
export type Overrides = Readonly<Record<string, unknown>>;

/** Every text in it, with its path. */
function textsOf(value: unknown, path: string[] = []): [path: string[], text: string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => textsOf(member, [...path, name]));
}

/**
 * The definition of one call.
 *
 * @throws AttendantError E_BAD_REQUEST where the two do not go together
 */
export function overridden(definition: Definition, overrides: Overrides): Definition {
  const { instructions, ...others } = overrides;
  const changed: Record<string, unknown> = {};
  for (const [name, over] of Object.entries(others)) {
    const schema = (definitionSchema.shape as Shape)[name];
    if (!schema || !(SECTIONS as readonly string[]).includes(name))
      throw new AttendantError('E_BAD_REQUEST', `overrides.${name} is not one of a call`);
    // What goes beside a realtime model and what does not is checked where the agent is written.
    if (name === 'models' && isObject(over) && 'realtime' in over && !definition.models.realtime)
      throw new AttendantError('E_BAD_REQUEST', 'overrides.models.realtime: the agent has no realtime model');
    const parsed = schema.safeParse(
      merged(schema, (definition as Readonly<Record<string, unknown>>)[name], over),
    );
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const at = ['overrides', name, ...(issue?.path ?? [])].join('.');
      throw new AttendantError('E_BAD_REQUEST', `${at}: ${issue?.message ?? 'does not fit'}`);
    }
    changed[name] = parsed.data;
  }
  return {
    ...definition,
    ...changed,
    ...(typeof instructions === 'string' && {
      instructions: `${definition.instructions.trimEnd()}\n\n${instructions}`,
    }),
  };
}

/** Members of objects are put in one by one; anything else is put in whole. */
function merged(schema: z.ZodType, base: unknown, over: unknown): unknown {
  const inner = bare(schema);
  if (!(inner instanceof z.ZodObject) || !isObject(base) || !isObject(over)) return over;
  const shape = inner.shape as Shape;
  const put = Object.entries(over).map(([name, value]) => {
    const field = shape[name];
    return [name, field ? merged(field, base[name], value) : value] as const;
  });
  return { ...base, ...Object.fromEntries(put) };
}

/** What was overridden, by its place in the definition. What is said or told to a model may be about a person: of such texts only that they are. */
export function overriddenPlaces(
  overrides: Overrides,
  place: readonly string[] = [],
): Record<string, string | number | boolean> {
  const found: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(overrides)) {
    const path = [...place, name];
    if (isObject(value)) Object.assign(found, overriddenPlaces(value, path));
    else if (typeof value === 'number' || typeof value === 'boolean') found[path.join('.')] = value;
    else
      found[path.join('.')] = typeof value === 'string' && NO_SPEECH.includes(path[0] ?? '') ? value : true;
  }
  return found;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
