import { z } from 'zod';
import { variable } from './fields.ts';

const name = z.string().min(1).max(256);

/** Where the definition names none: the realtime model, and who writes down what it hears. */
const REALTIME_MODEL = 'gpt-realtime';
const TRANSCRIPTION_MODEL = 'gpt-4o-mini-transcribe';

/** A model that hears and speaks by itself, over OpenAI's realtime protocol (https://platform.openai.com/docs/guides/realtime). */
export const realtime = z.strictObject({
  model: name.default(REALTIME_MODEL).describe("The model's name at its server."),
  base_url_env: variable
    .optional()
    .describe("Variable of the environment with its server's base URL; else the server of the chat model."),
  api_key_env: variable
    .optional()
    .describe("Variable of the environment with its key; at the chat model's server that one's key."),
  voice: name.default('marin').describe('The voice in which it speaks.'),
  speed: z.number().min(0.25).max(1.5).optional(),
  transcription: name
    .default(TRANSCRIPTION_MODEL)
    .describe('The model that writes down what the caller says, at the same server.'),
  timeout: z
    .number()
    .positive()
    .max(60)
    .default(3)
    .describe('Seconds to the text of an utterance, to the first sound of a reply, and between two pieces.'),
  parameters: z
    .strictObject({
      max_output_tokens: z
        .number()
        .int()
        .min(1)
        .max(4_096)
        .optional()
        .describe('The most that one reply may have; sound counts.'),
      noise_reduction: z
        .enum(['near_field', 'far_field'])
        .optional()
        .describe('What the server takes out of the sound of the caller.'),
      transcription_prompt: z
        .string()
        .min(1)
        .max(2_000)
        .optional()
        .describe('Words that are likely to come up: names, products.'),
      tool_choice: z
        .enum(['auto', 'required', 'none'])
        .optional()
        .describe('Whether a reply may call tools, has to, or must not.'),
    })
    .prefault({}),
});

export type RealtimeSettings = z.infer<typeof realtime>;
