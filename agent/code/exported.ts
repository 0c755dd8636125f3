import type { CodeTool, Exported } from './messages.ts';

const TOOL_NAME = /^[a-z][a-z0-9_]{0,62}$/;
const MOST_TOOLS = 64;
const LONGEST_DESCRIPTION = 4_000;
/** Characters of a schema, as JSON. */
const MOST_SCHEMA = 32_000;
const LONGEST = 60;
const HOOKS = ['onEnter', 'onExit', 'route'] as const;

/** What is wrong with what a file exports; `at` is the line of a stack where it was defined. */
export class Unusable extends Error {
  readonly at: string | undefined;

  constructor(message: string, at?: string) {
    super(message);
    this.at = at;
  }
}

/** A tool of the code, as it is run. */
export interface RunnableTool {
  accept(args: unknown): unknown;
  run(args: unknown, call: unknown): unknown;
}

/**
 * What the export named `agent`, or the default one, says.
 *
 * @throws Unusable
 */
export function exportedBy(module: Readonly<Record<string, unknown>>): {
  exported: Exported;
  functions: Readonly<Record<string, unknown>>;
  tools: ReadonlyMap<string, RunnableTool>;
} {
  const agent = module['agent'] ?? module['default'];
  if (!isObject(agent)) throw new Unusable('exports no agent: write export const agent = defineAgent({ … })');
  const strange = Object.keys(agent).filter((key) => !['tools', ...HOOKS].includes(key));
  if (strange.length > 0)
    throw new Unusable(`defineAgent knows no ${strange.join(', ')}: known are tools, ${HOOKS.join(', ')}`);
  for (const hook of HOOKS)
    if (agent[hook] !== undefined && typeof agent[hook] !== 'function')
      throw new Unusable(`${hook} is no function`);
  const tools = agent['tools'] ?? [];
  if (!Array.isArray(tools)) throw new Unusable('tools is no list');
  if (tools.length > MOST_TOOLS) throw new Unusable(`there are more than ${MOST_TOOLS} tools`);
  const found = new Map<string, RunnableTool>();
  const described = tools.map((tool: unknown) => {
    const one = describe(tool);
    if (found.has(one.name)) throw new Unusable(`two tools are named ${one.name}`, atOf(tool));
    found.set(one.name, tool as RunnableTool);
    return one;
  });
  return {
    exported: {
      tools: described,
      onEnter: agent['onEnter'] !== undefined,
      onExit: agent['onExit'] !== undefined,
      route: agent['route'] !== undefined,
    },
    functions: agent,
    tools: found,
  };
}

function describe(tool: unknown): CodeTool {
  if (!isObject(tool) || typeof tool['run'] !== 'function' || typeof tool['accept'] !== 'function')
    throw new Unusable('a tool is none: make it with defineTool({ name, description, run })', atOf(tool));
  const { name, description, parameters, timeout } = tool;
  const refuse = (why: string) => new Unusable(why, atOf(tool));
  if (typeof name !== 'string' || !TOOL_NAME.test(name))
    throw refuse(
      `a tool is named ${JSON.stringify(name)}: use lower-case letters, digits and underscores, a letter first`,
    );
  if (typeof description !== 'string' || description === '' || description.length > LONGEST_DESCRIPTION)
    throw refuse(`the tool ${name} has no description of 1 to ${LONGEST_DESCRIPTION} characters`);
  if (typeof timeout !== 'number' || !(timeout > 0 && timeout <= LONGEST))
    throw refuse(`the timeout of the tool ${name} is none: seconds, at most ${LONGEST}`);
  const schema = plainSchema(parameters);
  if (schema === undefined) throw refuse(`the parameters of the tool ${name} are no object`);
  return { name, description, parameters: schema, timeout };
}

function plainSchema(parameters: unknown): Record<string, unknown> | undefined {
  if (!isObject(parameters) || parameters['type'] !== 'object') return undefined;
  const text = JSON.stringify(parameters);
  return text.length > MOST_SCHEMA ? undefined : (JSON.parse(text) as Record<string, unknown>);
}

function atOf(tool: unknown): string | undefined {
  return isObject(tool) && typeof tool['at'] === 'string' ? tool['at'] : undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
