import { z } from 'zod';
import { Failure } from '../trouble/attempts.ts';

/** Samples a second of either side. 16 bit, mono, little-endian. */
export const REALTIME_RATE = 24_000;

/** What is sent to a realtime server. Its shapes: https://platform.openai.com/docs/api-reference/realtime-client-events */
export type ClientEvent = { readonly type: string; readonly event_id?: string } & Readonly<
  Record<string, unknown>
>;

const id = z.string().min(1).max(512);
const piece = { response_id: z.string().optional(), item_id: z.string().optional(), delta: z.string() };
const usage = z
  .object({
    input_tokens: z.number().default(0),
    output_tokens: z.number().default(0),
    input_token_details: z.object({ cached_tokens: z.number().default(0) }).optional(),
  })
  .optional()
  .nullable();
const item = z.object({
  id: z.string().optional(),
  type: z.string(),
  call_id: z.string().optional(),
  name: z.string().optional(),
  arguments: z.string().optional(),
});

/** What comes from it, as far as it is used. */
const events = {
  'input_audio_buffer.committed': z.object({ item_id: id }),
  'conversation.item.input_audio_transcription.completed': z.object({ item_id: id, transcript: z.string() }),
  'conversation.item.input_audio_transcription.failed': z.object({ item_id: id }),
  'response.created': z.object({ response: z.object({ id }) }),
  'response.output_item.done': z.object({ response_id: z.string().optional(), item }),
  'response.output_audio.delta': z.object(piece),
  'response.output_audio_transcript.delta': z.object(piece),
  'response.output_text.delta': z.object(piece),
  'response.function_call_arguments.delta': z.object(piece),
  'response.done': z.object({
    response: z.object({
      id: z.string().optional(),
      status: z.string().default('completed'),
      status_details: z
        .object({ error: z.object({ code: z.string().optional().nullable() }).optional().nullable() })
        .optional()
        .nullable(),
      usage,
    }),
  }),
  error: z.object({
    error: z.object({ event_id: z.string().optional().nullable(), code: z.string().optional().nullable() }),
  }),
} as const;

type Kind = keyof typeof events;
export type ServerEvent = {
  [K in Kind]: { readonly type: K } & Readonly<z.infer<(typeof events)[K]>>;
}[Kind];

/** Names that servers of the protocol's first version still use. */
const FORMER: Readonly<Record<string, Kind>> = {
  'response.audio.delta': 'response.output_audio.delta',
  'response.audio_transcript.delta': 'response.output_audio_transcript.delta',
  'response.text.delta': 'response.output_text.delta',
};

/**
 * One message of a server; undefined for one that is of no use.
 *
 * @throws Failure `garbage` for what is no message of the protocol.
 */
export function serverEvent(text: string): ServerEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Failure('garbage', { cause });
  }
  const named = z.object({ type: z.string() }).safeParse(value);
  if (!named.success) throw new Failure('garbage');
  const type = FORMER[named.data.type] ?? named.data.type;
  if (!Object.hasOwn(events, type)) return undefined;
  const parsed = events[type as Kind].safeParse(value);
  if (!parsed.success) throw new Failure('garbage', { cause: parsed.error });
  return { ...parsed.data, type } as ServerEvent;
}
