import { z } from 'zod';

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and hyphens');
const sentence = z.string().min(1).max(4_000);
const seconds = z.number().positive().max(3_600);

const model = z.strictObject({
  /** The model's name at its server; the part's *_MODEL in the environment wins over it. */
  model: z.string().min(1).optional(),
});

const greeting = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('generated'), instructions: sentence }),
  z.strictObject({ kind: z.literal('fixed'), text: sentence }),
  z.strictObject({ kind: z.literal('none') }),
]);

const tool = { enabled: z.boolean().default(true), description: sentence.optional() };

const receiveDtmf = z.strictObject({
  ...tool,
  /** Seconds to the first digit, counted from the end of the agent's speech. */
  first_digit_timeout: seconds.default(30),
  /** Seconds between digits. */
  inter_digit_timeout: seconds.default(10),
  /** Digits to wait for where the model names no number of its own. */
  digits: z.number().int().min(1).max(64).optional(),
});

const sendDtmf = z.strictObject({ ...tool });

const destination = z.strictObject({
  /** SIP URI, `tel:` URI or E.164 number. Templates allowed. */
  to: z.string().min(1).max(512),
  description: sentence,
  headers: z.record(z.string(), z.string()).default({}),
  /** Seconds until an attempt counts as no answer. */
  ring_timeout: seconds.default(30),
});

const transferCall = z.strictObject({
  ...tool,
  destinations: z
    .record(name, destination)
    .refine((all) => Object.keys(all).length > 0, 'list at least one destination'),
});

const endDialog = z.strictObject({
  ...tool,
  /** JSON Schema of the outcome: the parameters of the tool. */
  outcome: z.record(z.string(), z.unknown()).default({ type: 'object', properties: {} }),
});

/**
 * One agent, as its YAML file says it (agent/definitions/*.yaml). Seconds in YAML and tool arguments.
 */
export const definitionSchema = z.strictObject({
  $schema: z.string().optional(),
  name,
  description: z.string().max(500).default(''),
  models: z
    .strictObject({
      llm: model.extend({ temperature: z.number().min(0).max(2).optional() }).prefault({}),
      stt: model.extend({ language: z.string().default('en') }).prefault({}),
      tts: model
        .extend({ voice: z.string().default('alloy'), speed: z.number().min(0.25).max(4).optional() })
        .prefault({}),
    })
    .prefault({}),
  greeting,
  /** Template; the caller's additional instructions are appended by us as quoted data. */
  instructions: z.string().min(1).max(64_000),
  /** Defaults of `{{vars.…}}`; x-vars of the call win. */
  variables: z.record(z.string(), z.string()).default({}),
  tools: z
    .strictObject({
      receive_dtmf: receiveDtmf.optional(),
      send_dtmf: sendDtmf.optional(),
      transfer_call: transferCall.optional(),
      end_dialog: endDialog.optional(),
    })
    .prefault({}),
  limits: z
    .strictObject({
      /** Seconds until the call is ended whatever goes on. */
      max_duration: z.number().positive().max(86_400).default(3_600),
    })
    .prefault({}),
});

export type Definition = z.infer<typeof definitionSchema>;
export type Destination = z.infer<typeof destination>;
export type ReceiveDtmfSettings = z.infer<typeof receiveDtmf>;

/** A definition as loaded, with the version that every thread of it records. */
export interface LoadedDefinition {
  readonly definition: Definition;
  /** `sha256:` + hex of the file's text. */
  readonly version: string;
  readonly text: string;
  readonly file: string;
}
