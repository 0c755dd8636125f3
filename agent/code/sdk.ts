import { z } from 'zod';
import type { Call, CalledBy, Decision, Ended, Handoff } from './call.ts';

export { z };
export type { Call, CalledBy, Decision, Ended, Handoff } from './call.ts';

/** JSON Schema (draft-07) of an object. */
type JsonSchema = Readonly<Record<string, unknown>>;

/** What a tool may return: JSON, which the model gets as `{"result": …}`; or where the caller is to be handed over to. */
type Returned = object | string | number | boolean | null | undefined | Handoff;

export interface ToolOptions<Given extends z.ZodType | JsonSchema> {
  /** How the model calls it: lower-case letters, digits and underscores. */
  readonly name: string;
  /** When to call it and what it is for; the model chooses by it. */
  readonly description: string;
  /** What the model gives: a zod object, or JSON Schema. Nothing unless set. */
  readonly parameters?: Given;
  /** Seconds until it counts as failed; 10 unless set, 60 at most. */
  readonly timeout?: number;
  run(
    args: Given extends z.ZodType ? z.output<Given> : Record<string, unknown>,
    call: Call,
  ): Returned | Promise<Returned>;
}

/** A tool as {@link defineAgent} takes it. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
  readonly timeout: number;
  /** Where it is defined, as a line of a stack. */
  readonly at: string;
  /** The arguments as `run` takes them; throws where they do not fit. */
  accept(args: unknown): unknown;
  run(args: unknown, call: Call): unknown;
}

export interface AgentFunctions {
  readonly tools?: readonly Tool[];
  /** Runs when the agent takes the call, before its first word. */
  onEnter?(call: Call): void | Promise<void>;
  /** Runs when the call has ended. */
  onExit?(call: Call, ending: Ended): void | Promise<void>;
  /** Decides who answers, before the rules of the definition are asked; nothing leaves it to them. */
  route?(caller: CalledBy): Decision | undefined | Promise<Decision | undefined>;
}

const NOTHING: JsonSchema = { type: 'object', properties: {}, additionalProperties: false };
const USUAL_TIMEOUT = 10;

/**
 * A tool that the model can call.
 *
 * @example
 * const price = defineTool({ name: 'price', description: 'What it costs.', parameters: z.object({ item: z.string() }),
 *   run: ({ item }) => ({ euros: prices[item] }) });
 *
 * @throws Error where the parameters are neither of this zod nor JSON Schema
 */
export function defineTool<const Given extends z.ZodType | JsonSchema = JsonSchema>(
  options: ToolOptions<Given>,
): Tool {
  const { name, description, parameters, timeout = USUAL_TIMEOUT } = options;
  const at = new Error().stack?.split('\n')[2]?.trim() ?? '';
  return {
    name,
    description,
    parameters: schemaOf(parameters),
    timeout,
    at,
    accept: (args) => (isZod(parameters) ? parameters.parse(args) : args),
    run: (args, call) => options.run(args as Parameters<typeof options.run>[0], call),
  };
}

/** The functions of an agent; the file of a definition's `code` exports them as `agent`, or as its default. */
export function defineAgent(functions: AgentFunctions): AgentFunctions {
  return functions;
}

function schemaOf(parameters: z.ZodType | JsonSchema | undefined): JsonSchema {
  if (parameters === undefined) return NOTHING;
  if (isZod(parameters)) return z.toJSONSchema(parameters, { target: 'draft-7', io: 'input' });
  if ('_def' in parameters) throw new Error('the parameters are of another zod: import z from attendant');
  return parameters;
}

function isZod(parameters: z.ZodType | JsonSchema | undefined): parameters is z.ZodType {
  return typeof parameters === 'object' && '_zod' in parameters;
}
