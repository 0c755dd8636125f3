import { z } from 'zod';
import type { Problem } from '../../base/problem.ts';
import type { Source } from '../../base/source.ts';
import { HTTP_HEADER, sentence, tool } from './fields.ts';
import { jsonSchemaProblems } from './json-schema.ts';
import { templateFaults } from './template.ts';
import { valueName } from './values.ts';

const schema = z
  .record(z.string(), z.unknown())
  .default({ type: 'object', properties: {} })
  .describe('JSON Schema (draft-07) of the arguments that the model gives.');

const httpTool = z.strictObject({
  ...tool,
  description: sentence.describe('When to call it and what it is for; the model chooses by it.'),
  parameters: schema,
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
  url: z
    .string()
    .min(1)
    .max(2_048)
    .describe(
      'Template, with {{args.…}} too. Scheme, host and port are fixed, or come from {{env.…}}; other values are encoded.',
    ),
  headers: z.record(z.string(), z.string()).default({}).describe('By name; their values are templates.'),
  body: z
    .record(z.string(), z.unknown())
    .optional()
    .describe(
      'JSON object; texts in it are templates, and one that is {{args.…}} alone keeps the type. Without it the arguments are sent (POST, PUT, PATCH).',
    ),
  timeout: z.number().positive().max(60).default(10).describe('Seconds for all of it, retries included.'),
  retries: z
    .number()
    .int()
    .min(0)
    .max(3)
    .optional()
    .describe(
      'Further tries where the server is away; 1 for GET, PUT and DELETE, 0 for POST and PATCH unless set.',
    ),
  result: z
    .record(z.string(), z.string().min(1).max(256))
    .optional()
    .describe(
      'What the model gets of a JSON answer: names and dotted paths (orders.0.id). All of it unless set.',
    ),
  store: z
    .record(valueName, z.string().min(1).max(256))
    .default({})
    .describe('What is kept of a JSON answer: names of state, and dotted paths. The model is not told.'),
  max_result: z
    .number()
    .int()
    .min(100)
    .max(64_000)
    .default(8_000)
    .describe('Characters of the result, as JSON.'),
  filler: z
    .strictObject({
      text: sentence.describe('Said where the answer takes longer. Template.'),
      after: z.number().min(0.5).max(30).default(2).describe('Seconds until it is said.'),
    })
    .optional(),
});

export type HttpToolSettings = z.infer<typeof httpTool>;

export const VOICE_TOOLS = [
  'receive_dtmf',
  'send_dtmf',
  'set_state',
  'consult_call',
  'transfer_call',
  'end_dialog',
  'goto_flow',
] as const;

/** Whether the name is a voice tool's. */
export const isVoiceTool = (name: string): boolean => (VOICE_TOOLS as readonly string[]).includes(name);
const toolName = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'lower-case letters, digits and underscores');

export const httpTools = z
  .record(toolName, httpTool)
  .describe('Tools of your own, by the name that the model calls: each a request to your server.');

/**
 * A URL's template in two parts. The origin is in none but the definition's and the environment's hands; whatever the caller or the model
 * says stands in the rest, encoded.
 */
export function splitUrl(template: string): { origin: string; rest: string } | undefined {
  const match =
    /^((?:https?:\/\/(?:[^/?#{}\s@\\]|\{\{\s*env\.\w+\s*\}\})+)|\{\{\s*env\.\w+\s*\}\})((?:[/?][^#]*)?)$/i.exec(
      template.trim(),
    );
  return match ? { origin: match[1] ?? '', rest: match[2] ?? '' } : undefined;
}

/** The names of variables that hold the arguments. */
function argumentsOf({ parameters }: HttpToolSettings): string[] {
  const { properties } = parameters;
  return typeof properties === 'object' && properties !== null
    ? Object.keys(properties).map((name) => `args.${name}`)
    : [];
}

/** They say where and how the request is cut; ours to write. */
const OWN_HEADERS =
  /^(host|content-length|transfer-encoding|connection|keep-alive|proxy-.*|te|trailer|upgrade|expect|accept-encoding)$/i;

/**
 * What the schema cannot say of HTTP tools: their names, URLs, headers, templates and parameters.
 *
 * @param state how templates name what the call collects.
 */
export function httpToolProblems(
  source: Source,
  tools: Readonly<Record<string, HttpToolSettings>> | undefined,
  state: readonly string[],
): Problem[] {
  return Object.entries(tools ?? {}).flatMap(([name, settings]) => {
    const path = ['tools', 'http', name];
    const report = (at: readonly string[], what: string, mend: string) =>
      source.problem([...path, ...at], `${name}: ${what}`, mend);
    const problems: Problem[] = [];
    if (isVoiceTool(name)) problems.push(report([], 'is the name of a voice tool', 'call it something else'));
    const { url, headers, method, body, parameters } = settings;
    const split = splitUrl(url);
    if (
      !split ||
      !URL.canParse(split.origin.replace(/\{\{[^{}]*\}\}/g, split.origin.startsWith('{{') ? 'http://a' : 'a'))
    )
      problems.push(
        report(
          ['url'],
          'scheme, host and port of the url are not fixed',
          'begin it with https://host/ or {{env.…}}/, and let nothing but {{env.…}} stand in the host',
        ),
      );
    for (const [header, value] of Object.entries(headers)) {
      if (!HTTP_HEADER.test(header) || OWN_HEADERS.test(header))
        problems.push(report(['headers', header], `the header ${header} cannot be set`, 'take it out'));
      if (/[\r\n]/.test(value))
        problems.push(
          report(['headers', header], `the header ${header} has more than one line`, 'write it on one line'),
        );
    }
    if (body !== undefined && ['GET', 'DELETE'].includes(method))
      problems.push(report(['body'], `${method} takes no body`, 'set method: POST, or take body out'));
    const schemaFaults = jsonSchemaProblems(source, [...path, 'parameters'], parameters, {
      isNoObject: 'the parameters are no object',
    });
    const own = [...argumentsOf(settings), ...state];
    const texts: [readonly (string | number)[], string][] = [
      [[...path, 'url'], url],
      ...Object.entries(headers).map(([header, value]): [string[], string] => [
        [...path, 'headers', header],
        value,
      ]),
      ...textsIn(body, [...path, 'body']),
    ];
    const faults = texts.flatMap(([at, text]) =>
      templateFaults(text, own).map(({ at: offset, what, mend }) =>
        source.problem(at, `${at.join('.')}: ${what}`, mend, source.lineWithin(at, text, offset)),
      ),
    );
    return [...problems, ...schemaFaults, ...faults];
  });
}

function textsIn(
  value: unknown,
  path: readonly (string | number)[],
): [readonly (string | number)[], string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return entries.flatMap(([key, item]) => textsIn(item, [...path, key]));
}
