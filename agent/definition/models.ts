import { z } from 'zod';
import { variable } from './fields.ts';
import { chatParameters, speechParameters, transcriptionParameters } from './model-parameters.ts';
import { realtime } from './realtime.ts';

const name = z.string().min(1).max(256);
const seconds = z.number().positive().max(60);
const voice = z.string().min(1).max(256);
const speed = z.number().min(0.25).max(4);
const temperature = z.number().min(0).max(2);

/** Where a model is, and with which key. */
const server = {
  base_url_env: variable
    .optional()
    .describe("Variable of the environment with its server's base URL; else the part's own server."),
  api_key_env: variable
    .optional()
    .describe("Variable of the environment with its key; at the part's own server its own key."),
};

const model = z.strictObject({
  model: name
    .optional()
    .describe(
      "The model's name at its server; the part's *_MODEL in the environment wins over it, but not at a server that base_url_env names.",
    ),
  ...server,
});

/** A model that stands in for the part's own. */
const standIn = z.strictObject({ model: name.describe("The model's name at its server."), ...server });
const fallback = <T extends z.ZodType>(of: T) =>
  z
    .array(of)
    .max(3)
    .default([])
    .describe('Models that stand in, in this order, when one before them fails or is too slow.');

/** The chat model where neither the definition nor the environment names one. */
export const CHAT_MODEL = 'gpt-4.1-mini';

/** What the agent hears, thinks and speaks with. */
export const models = z
  .strictObject({
    llm: model
      .extend({
        temperature: temperature.optional(),
        timeout: seconds
          .optional()
          .describe('Seconds to the first token, and between two. 3; with the keyless dialogue 12.'),
        parameters: chatParameters,
        fallback: fallback(
          standIn.extend({ temperature: temperature.optional(), parameters: chatParameters }),
        ),
      })
      .prefault({}),
    stt: model
      .extend({
        language: z
          .string()
          .optional()
          .describe('What callers speak, where it is not the language of the agent.'),
        timeout: seconds
          .optional()
          .describe('Seconds for the text of an utterance. 3; with keyless speech 12.'),
        parameters: transcriptionParameters,
        fallback: fallback(standIn.extend({ parameters: transcriptionParameters })),
      })
      .prefault({}),
    tts: model
      .extend({
        voice: voice.default('alloy'),
        speed: speed.optional(),
        timeout: seconds
          .optional()
          .describe(
            'Seconds to the first sound of a sentence, and between two pieces. 2.5; with keyless speech 10.',
          ),
        parameters: speechParameters,
        fallback: fallback(
          standIn.extend({ voice: voice.optional(), speed: speed.optional(), parameters: speechParameters }),
        ),
      })
      .prefault({}),
    realtime: realtime
      .optional()
      .describe(
        'A speech-to-speech model that hears, thinks and speaks in place of stt and llm; fixed sentences are said by tts all the same.',
      ),
  })
  .prefault({});
