import type { Tool } from '../chat/request.ts';
import type { Argument } from './schema.ts';
import { fill, type Values } from './template.ts';

type Schema = Readonly<Record<string, unknown>>;

/**
 * The arguments of a call: as the dialogue gives them, templates filled, and what the tool's schema demands beyond them with the
 * first value that it allows, so that a general dialogue can use any agent's tools. Undefined where an argument is to be chosen from
 * the schema and nothing there fits: the agent has no such destination, so the call is left out.
 */
export function callArguments(
  tool: Tool,
  given: Readonly<Record<string, Argument>>,
  values: Values,
): Record<string, unknown> | undefined {
  const properties = asSchema(tool.parameters['properties']);
  const args: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === 'string') args[name] = fill(value, values);
    else if (typeof value !== 'object' || value === null) args[name] = value;
    else {
      const pattern = new RegExp(value.choose, 'i');
      const chosen = enumOf(asSchema(properties[name])).find(
        (one) => typeof one === 'string' && pattern.test(one),
      );
      if (chosen === undefined) return undefined;
      args[name] = chosen;
    }
  }
  const required = tool.parameters['required'];
  for (const name of Array.isArray(required) ? (required as unknown[]) : []) {
    if (typeof name === 'string' && !Object.hasOwn(args, name))
      args[name] = anyValue(asSchema(properties[name]));
  }
  return args;
}

/** The first value that a JSON Schema allows, as far as that can be told simply. */
function anyValue(schema: Schema): unknown {
  const [first] = enumOf(schema);
  if (first !== undefined) return first;
  if ('default' in schema) return schema['default'];
  if ('const' in schema) return schema['const'];
  const types = Array.isArray(schema['type']) ? (schema['type'] as unknown[]) : [schema['type']];
  if (types.includes('null')) return null;
  switch (types[0]) {
    case 'integer':
    case 'number':
      return typeof schema['minimum'] === 'number' ? schema['minimum'] : 0;
    case 'boolean':
      return false;
    case 'array':
      return [];
    case 'object':
      return {};
    default:
      return '';
  }
}

function enumOf(schema: Schema): unknown[] {
  if (Array.isArray(schema['enum'])) return schema['enum'] as unknown[];
  const branches = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(branches) ? (branches as unknown[]).flatMap((branch) => enumOf(asSchema(branch))) : [];
}

function asSchema(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? (value as Schema) : {};
}
