import { z } from 'zod';

const content = z
  .union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.unknown().optional() })).max(100)])
  .nullish();

const toolCall = z.looseObject({
  id: z.string(),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
});

const message = z.discriminatedUnion('role', [
  z.looseObject({ role: z.literal('system'), content }),
  z.looseObject({ role: z.literal('developer'), content }),
  z.looseObject({ role: z.literal('user'), content }),
  z.looseObject({ role: z.literal('assistant'), content, tool_calls: z.array(toolCall).max(128).nullish() }),
  z.looseObject({ role: z.literal('tool'), content, tool_call_id: z.string() }),
]);

const tool = z.looseObject({
  type: z.string(),
  function: z
    .looseObject({ name: z.string(), parameters: z.record(z.string(), z.unknown()).nullish() })
    .optional(),
});

/** The part of OpenAI's chat completion request that a dialogue heeds; the rest is accepted and left alone. */
export const chatRequest = z.looseObject({
  model: z.string().max(200),
  messages: z.array(message).min(1).max(4_000),
  tools: z.array(tool).max(128).nullish(),
  tool_choice: z.union([z.string(), z.looseObject({})]).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
});

export type ChatRequest = z.infer<typeof chatRequest>;
export type ChatMessage = ChatRequest['messages'][number];
/** A tool that the model may call: its name and the JSON Schema of its arguments. */
export interface Tool {
  readonly name: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** The functions that may be called in answer to the request. */
export function toolsOf(request: ChatRequest): Tool[] {
  if (request.tool_choice === 'none') return [];
  return (request.tools ?? []).flatMap((one) =>
    one.type === 'function' && one.function
      ? [{ name: one.function.name, parameters: one.function.parameters ?? {} }]
      : [],
  );
}
