import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../base/errors.ts';
import type { Operation, PublicOperation } from './operation.ts';
import { components, named } from './schemas.ts';

const problem = named(
  'Problem',
  z
    .strictObject({
      type: z.string().describe('where the code is explained, on this server'),
      title: z.string(),
      status: z.int(),
      detail: z.string(),
      code: z.string().describe('for programs, e.g. `E_BAD_REQUEST`'),
      mend: z.string().describe('what helps'),
      thread: z.string().optional().describe('with `E_AGENT_PRESENT`: of the agent that is there'),
    })
    .describe('An error, RFC 9457'),
);

/** What any operation behind a key may answer. */
const COMMON: readonly ErrorCode[] = [
  'E_BAD_REQUEST',
  'E_UNAUTHORIZED',
  'E_FORBIDDEN',
  'E_RATE_LIMITED',
  'E_REDIS_UNREACHABLE',
];
const CREATES: readonly ErrorCode[] = ['E_IDEMPOTENCY_RUNNING', 'E_IDEMPOTENCY_MISMATCH'];

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document. https://spec.openapis.org/oas/v3.1.1 */
export interface OpenApi {
  readonly openapi: '3.1.1';
  readonly info: Json;
  readonly servers: readonly Json[];
  readonly tags: readonly { name: string; description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>>; readonly securitySchemes: Json };
}

export interface OpenApiOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters: readonly Json[];
  readonly requestBody?: Json;
  readonly responses: Readonly<Record<string, Json>>;
}

/** Groups of operations, in the order of the document. */
const TAGS: Readonly<Record<string, string>> = {
  Keys: 'Who may call the API for the organization.',
  Threads: 'The record of each call, while it runs and after it.',
  Calls: 'Calls that run and what can be done in them, and calls that agents make.',
  Lists: 'Lists of people whom agents call, one after the other.',
  Agents: 'Who answers calls.',
  Rooms: 'Agents in rooms of LiveKit, each for one participant.',
  Usage: 'What calls used, and what they came to.',
  Numbers: 'Which agent answers which number.',
  Webhooks: 'Servers that are told of calls, and how that went.',
  Events: 'What happens in calls, as it happens: server-sent events.',
  LiveKit: 'What livekit-server tells. Signed with its key, and of no use to others.',
  Health: 'Whether it runs, and what it speaks. No key needed.',
};

/** The document of these operations, made of what their routes are made of. */
export function openApi(operations: readonly Operation[], open: readonly PublicOperation[]): OpenApi {
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  const put = (path: string, method: string, made: OpenApiOperation) => {
    (paths[path] ??= {})[method.toLowerCase()] = made;
  };
  for (const operation of operations) put(operation.path, operation.method, describe(operation));
  for (const operation of open) put(operation.path, operation.method, describeOpen(operation));
  const used = new Set([...operations, ...open].map(({ tag }) => tag));
  const { schemas } = z.toJSONSchema(components, { uri: reference, io: 'output' });
  return {
    openapi: '3.1.1',
    info: {
      title: 'Attendant',
      version: '0.1.0',
      summary: 'The telephone agent that call centers run themselves',
      description:
        'Every request but those below Health and LiveKit needs the header `api-key`. A key belongs to one organization and sees only ' +
        'that one’s calls; what is another’s answers 404, like what is not there. Errors are problem details (RFC 9457) with a ' +
        'code that `/errors` explains.',
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'this server' }],
    tags: Object.entries(TAGS)
      .filter(([name]) => used.has(name))
      .map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, plain(schema)])),
      securitySchemes: { apiKey: { type: 'apiKey', in: 'header', name: 'api-key' } },
    },
  };
}

function describe(operation: Operation): OpenApiOperation {
  const { scope, params, query, body, creates, headers = [], errors = [] } = operation;
  const codes = [
    ...COMMON,
    ...(body ? (['E_TOO_LARGE'] as const) : []),
    ...(creates ? CREATES : []),
    ...errors,
  ];
  return {
    ...common(operation),
    description: `${operation.description ? `${operation.description}\n\n` : ''}Needs the scope \`${scope}\`.`,
    security: [{ apiKey: [scope] }],
    parameters: [
      ...parameters('path', params),
      ...parameters('query', query),
      ...headers.map((header) => ({ ...header, in: 'header', required: false, schema: { type: 'string' } })),
      ...(creates ? [IDEMPOTENCY] : []),
    ],
    ...(body && {
      requestBody: {
        required: !body.safeParse({}).success,
        content: { 'application/json': { schema: schemaOf(body) } },
      },
    }),
    responses: { ...successes(operation), ...failures(codes) },
  };
}

function describeOpen(operation: PublicOperation): OpenApiOperation {
  return {
    ...common(operation),
    security: [],
    parameters: [],
    responses: { ...successes(operation), ...failures(operation.errors ?? []) },
  };
}

function common({ id, tag, summary, description }: Operation | PublicOperation) {
  return { operationId: id, tags: [tag], summary, ...(description && { description }) };
}

const IDEMPOTENCY: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Any text of your own for this request: sent again with the same body within a day it is not carried out again, and ' +
    'gets the first answer, with the header `Idempotent-Replayed: true`.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

function parameters(where: 'path' | 'query', schema: z.ZodObject): Json[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const { description, pattern, ...rest } = plain(z.toJSONSchema(field as z.ZodType, { io: 'input' }));
    // That of a date and time is its format, at length.
    if (pattern !== undefined && rest['format'] !== 'date-time') rest['pattern'] = pattern;
    const required = where === 'path' || !(field as z.ZodType).safeParse(undefined).success;
    return { name, in: where, required, ...(description !== undefined && { description }), schema: rest };
  });
}

function successes({ answers }: Operation | PublicOperation): Record<string, Json> {
  return Object.fromEntries(
    answers.map(({ status, description, schema, mediaType = 'application/json' }) => [
      status,
      {
        description,
        ...(status !== 204 && {
          content: { [mediaType]: { schema: schema ? schemaOf(schema) : { type: 'string' } } },
        }),
      },
    ]),
  );
}

/** The codes by their status; several may share one. */
function failures(codes: readonly ErrorCode[]): Record<string, Json> {
  const by = new Map<number, ErrorCode[]>();
  for (const code of codes) by.set(ERRORS[code].status, [...(by.get(ERRORS[code].status) ?? []), code]);
  return Object.fromEntries(
    [...by].map(([status, those]) => [
      status,
      {
        description: those.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join('\n\n'),
        ...(those.some((code) => AGAIN.has(code)) && { headers: { 'Retry-After': RETRY_AFTER } }),
        content: { 'application/problem+json': { schema: schemaOf(problem) } },
      },
    ]),
  );
}

const AGAIN: ReadonlySet<ErrorCode> = new Set([
  'E_RATE_LIMITED',
  'E_IDEMPOTENCY_RUNNING',
  'E_OUTBOUND_LIMIT',
  'E_DIAL_LIMIT',
  'E_REDIS_UNREACHABLE',
]);
const RETRY_AFTER: Json = { description: 'seconds', schema: { type: 'integer', minimum: 1 } };

const reference = (id: string): string => `#/components/schemas/${id}`;

/** A reference to a schema that has a name, else the schema itself. */
function schemaOf(schema: z.ZodType): Json {
  const name = components.get(schema)?.id;
  return name === undefined ? plain(z.toJSONSchema(schema)) : { $ref: reference(name) };
}

/** Without what belongs to a document of its own. */
function plain(schema: object): Json {
  const own = ['$schema', '$id', '~standard'];
  return Object.fromEntries(Object.entries(schema).filter(([name]) => !own.includes(name)));
}
