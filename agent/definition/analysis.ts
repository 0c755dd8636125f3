import { z } from 'zod';
import type { Problem } from '../../base/problem.ts';
import type { Source } from '../../base/source.ts';
import { variable } from './fields.ts';
import { jsonSchemaProblems } from './json-schema.ts';

/** Characters of `fields` as JSON: it stands in each question, and in the entry that ends a call. */
const MOST_FIELDS = 8_000;

/** What a model is asked about a call when it is over. */
export const analysis = z.strictObject({
  enabled: z.boolean().default(true),
  model: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('Name of the chat model at its server; else that of the calls.'),
  base_url_env: variable
    .optional()
    .describe("Variable of the environment with its server's base URL; else the chat model's own server."),
  api_key_env: variable
    .optional()
    .describe("Variable of the environment with its key; at the chat model's own server its own key."),
  temperature: z.number().min(0).max(2).optional(),
  language: z
    .string()
    .regex(/^[\p{L}\p{M} ()-]{2,64}$/u, 'a name of a language, or a code like en')
    .optional()
    .describe('What the summary and the follow-ups are written in; else the language of the call.'),
  timeout: z.number().positive().max(60).default(30).describe('Seconds for the answer.'),
  fields: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('JSON Schema (draft-07) of an object: what else is to be found out about the call.'),
});

export function analysisProblems(source: Source, asked: z.infer<typeof analysis> | undefined): Problem[] {
  if (asked?.fields === undefined) return [];
  const path = ['analysis', 'fields'];
  const length = JSON.stringify(asked.fields).length;
  if (length > MOST_FIELDS)
    return [
      source.problem(
        path,
        `analysis.fields: has ${length} characters as JSON`,
        `the most is ${MOST_FIELDS}; ask for less`,
      ),
    ];
  return jsonSchemaProblems(source, path, asked.fields, { isNoObject: 'the fields are no object' });
}
