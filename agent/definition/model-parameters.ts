import { z } from 'zod';

/** What a model may be told besides; each goes to its server under its own name, and not at all unless it is set. */

const MOST_TOKENS = 100_000;
const tokens = z.number().int().min(1).max(MOST_TOKENS).optional();
const penalty = z.number().min(-2).max(2).optional();

/** Of `POST /chat/completions`. */
export const chatParameters = z
  .strictObject({
    top_p: z.number().min(0).max(1).optional().describe('Share of the likeliest tokens that are drawn from.'),
    max_completion_tokens: tokens.describe('The most that one reply may have; thinking counts.'),
    max_tokens: tokens.describe('The same for servers that know the older name only.'),
    frequency_penalty: penalty,
    presence_penalty: penalty,
    seed: z.number().int().min(-9_007_199_254_740_991).max(9_007_199_254_740_991).optional(),
    reasoning_effort: z
      .enum(['none', 'minimal', 'low', 'medium', 'high'])
      .optional()
      .describe('How long a model that reasons thinks before it replies; a caller waits for that.'),
    verbosity: z.enum(['low', 'medium', 'high']).optional(),
    service_tier: z.enum(['auto', 'default', 'flex', 'priority']).optional(),
    parallel_tool_calls: z.boolean().optional().describe('Whether one reply may call several tools.'),
    tool_choice: z
      .enum(['auto', 'required', 'none'])
      .optional()
      .describe('Whether a reply may call tools, has to, or must not.'),
  })
  .refine(
    (said) => said.max_tokens === undefined || said.max_completion_tokens === undefined,
    'max_tokens and max_completion_tokens are the same; write one of them',
  )
  .prefault({});

/** Of `POST /audio/transcriptions`. */
export const transcriptionParameters = z
  .strictObject({
    prompt: z
      .string()
      .min(1)
      .max(2_000)
      .optional()
      .describe('Words that are likely to come up, or what came before: names, products.'),
    temperature: z.number().min(0).max(1).optional(),
  })
  .prefault({});

/** Of `POST /audio/speech`. */
export const speechParameters = z
  .strictObject({
    instructions: z.string().min(1).max(4_000).optional().describe('How it is to be spoken.'),
    response_format: z
      .enum(['pcm', 'wav'])
      .optional()
      .describe('What the server sends: bare samples (pcm, the default) or a WAV file. 16 bit, mono.'),
    sample_rate: z
      .number()
      .int()
      .min(8_000)
      .max(48_000)
      .optional()
      .describe(
        'Samples a second of pcm, where the server does not send 24000. It is not told; a WAV says its own.',
      ),
  })
  .prefault({});

export type ChatParameters = z.infer<typeof chatParameters>;
export type TranscriptionParameters = z.infer<typeof transcriptionParameters>;
export type SpeechParameters = z.infer<typeof speechParameters>;
