import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, describe, expect, it } from 'vitest';
import { ERRORS } from '../base/errors.ts';
import { apiParts } from './app.fixture.ts';
import type { OpenApi, OpenApiOperation } from './openapi.ts';
import { SCOPES } from './operation.ts';

/**
 * Walks the OpenAPI document, which is made of the routes: one that is added is tried here too, or fails for want of an example below.
 */
const { ask, write, keys, threads, close } = await apiParts();
afterAll(close);

const document = (await (await ask('GET', '/openapi.json')).json()) as OpenApi;
const DEFAULT = 'default' as Parameters<typeof keys.create>[0];

/** What stands for each path parameter, of the organization `default`. Nothing here may harm it. */
const thread = await write('private-to-default');
const key = await keys.create(DEFAULT, { name: 'private-name', scope: 'admin' });
const webhook = await threads.webhooks.add(DEFAULT, {
  url: 'https://private.example/',
  events: ['call.ended'],
});
await threads.numbers.take(
  ['+15550113'],
  { organization: DEFAULT, agent: 'ivr-navigator' as never, assigned_at: 'then' },
  { again: false },
);
const list = await threads.lists.start(
  DEFAULT,
  {
    ...{ name: 'private-name', agent: 'reminder' as never, headers: {}, retry: {}, most_calls: 1 },
    pace: { at_once: 1, per_minute: 1 },
  },
  [{ to: '+15550198', uid: 'private-to-default' as never, vars: {}, time_zone: null, due: Date.now() + 1e9 }],
  { starts: Date.now() + 1e9, expires: Date.now() + 2e9, kept: 1_000 },
);
const EXAMPLES: Readonly<Record<string, string>> = {
  'threads/{key}': thread.id,
  'calls/{key}': thread.id,
  'keys/{id}': key.id,
  'webhooks/{id}': webhook.id,
  'lists/{id}': list,
  'numbers/{number}': '%2B15550113',
  'rooms/{room}': 'lobby',
  'agents/{id}': thread.id,
};
const PRIVATE = [
  ...[thread.id, key.id, webhook.id, list, ...webhook.secrets],
  ...['private-to-default', 'private-name', 'private.example'],
];

/** A body that is right, for each operation that takes one. */
const BODIES: Readonly<Record<string, unknown>> = {
  createKey: { name: 'crm' },
  rotateKey: { overlap: 60 },
  createWebhook: { url: 'https://crm.example/hook' },
  replayWebhook: {},
  takeNumber: { agent: 'sip-call-center', number: '+15550111' },
  sendAgent: { agent: 'sip-call-center', participant_identity: 'caller' },
  placeCall: { to: '+15550123', agent: 'reminder' },
  startList: {
    agent: 'reminder',
    callees: [{ to: '+15550123' }],
    starts: '2099-01-01T00:00:00Z',
    expires: '2099-01-02T00:00:00Z',
  },
  sayInCall: { text: 'Hello.' },
  tellAgent: { text: 'They are a good customer.' },
  pressKeys: { digits: '12#' },
  transferCall: { to: 'billing' },
};

/** Characters that are more than an operation takes; of others 70,000 are. */
const TOO_MANY: Readonly<Record<string, number>> = { startList: 5_000_000 };

/** A query that is right, for each operation that needs one. */
const QUERIES: Readonly<Record<string, string>> = { eraseCaller: '?caller=%2B15550123' };

const lowKeys = {
  read: (await keys.create(DEFAULT, { name: 'r', scope: 'read' })).key,
  control: (await keys.create(DEFAULT, { name: 'c', scope: 'control' })).key,
};

interface Row {
  readonly id: string;
  readonly method: string;
  /** With its parameters filled in. */
  readonly path: string;
  readonly operation: OpenApiOperation;
}
const all: Row[] = Object.entries(document.paths).flatMap(([template, methods]) =>
  Object.entries(methods).map(([method, operation]) => {
    const path = template.replaceAll(/(\w+\/)?\{\w+\}/g, (part, folder: string) => {
      const example = EXAMPLES[part];
      if (example === undefined) throw new Error(`give an example for ${part} of ${operation.operationId}`);
      return `${folder}${example}`;
    });
    return { id: operation.operationId, method: method.toUpperCase(), path, operation };
  }),
);
const guarded = all.filter(({ operation }) => operation.security.length > 0);
const OPEN = [
  'getHealth',
  'getReadiness',
  'getErrors',
  'receiveLiveKitWebhook',
  'getOpenApi',
  'getReference',
];

const bodyOf = ({ id, operation }: Row): { body?: unknown } => {
  if (!operation.requestBody) return {};
  if (!(id in BODIES)) throw new Error(`give a body for ${id}`);
  return { body: BODIES[id] };
};

/** What it answers; of a stream, which has no end, what stands at its beginning. */
async function begin(response: Response): Promise<string> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response.text();
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return first?.value ?? '';
}

async function expectProblem(response: Response, ...codes: (keyof typeof ERRORS)[]): Promise<void> {
  const text = await response.text();
  expect(response.headers.get('content-type'), text).toBe('application/problem+json');
  const problem = JSON.parse(text) as { code: keyof typeof ERRORS; status: number };
  expect(codes).toContain(problem.code);
  expect(problem.status).toBe(response.status);
  expect(response.status).toBe(ERRORS[problem.code].status);
  for (const secret of PRIVATE) expect(text).not.toContain(secret);
}

it('only what tells nothing of anyone needs no key', () => {
  expect(all.filter((row) => !guarded.includes(row)).map(({ id }) => id)).toEqual(OPEN);
});

describe.each(guarded)('$id ($method)', (row) => {
  const { method, path, operation } = row;
  const scope = operation.security[0]?.['apiKey']?.[0] as (typeof SCOPES)[number];

  it('answers 401 without a key, and to one that is none', async () => {
    const nearly = `${key.key.slice(0, -1)}${key.key.endsWith('A') ? 'B' : 'A'}`;
    for (const bad of [undefined, '', 'wrong', nearly, 'att_default_0_0', 'att___proto___x', 'ü'])
      await expectProblem(
        await ask(method, path, {
          ...(bad !== undefined && { key: bad }),
          ...bodyOf(row),
        }),
        'E_UNAUTHORIZED',
      );
    // Not even whether the request is right.
    await expectProblem(await ask(method, `${path}?nonsense=1`), 'E_UNAUTHORIZED');
  });

  it('is refused to a key whose scope is too low', async () => {
    for (const low of SCOPES.slice(0, SCOPES.indexOf(scope)) as (keyof typeof lowKeys)[])
      await expectProblem(await ask(method, path, { key: lowKeys[low], ...bodyOf(row) }), 'E_FORBIDDEN');
  });

  it('shows nothing of an organization to another’s key', async () => {
    const query = QUERIES[row.id] ?? '';
    const response = await ask(method, path + query, { key: 'other-key', ...bodyOf(row) });
    if (Object.values(EXAMPLES).some((example) => path.includes(example))) {
      expect(response.status).toBe(404);
      const codes = Object.keys(ERRORS).filter((code) => code.endsWith('_NOT_FOUND'));
      await expectProblem(response, ...(codes as (keyof typeof ERRORS)[]));
    } else {
      expect(response.status).toBeLessThan(300);
      const text = await begin(response);
      for (const secret of PRIVATE) expect(text).not.toContain(secret);
    }
  });

  it('says what is wrong with malformed input', async () => {
    const admin = { key: 'dev-key' };
    await expectProblem(
      await ask(method, `${path}?nonsense=1`, { ...admin, ...bodyOf(row) }),
      'E_BAD_REQUEST',
    );
    for (const { name, in: where } of operation.parameters as { name: string; in: string }[]) {
      if (where !== 'query') continue;
      for (const value of [`${'x'.repeat(3_000)}\u0000`, ''])
        await expectProblem(
          await ask(method, `${path}?${name}=${encodeURIComponent(value)}`, { ...admin, ...bodyOf(row) }),
          'E_BAD_REQUEST',
        );
    }
    for (const { name, in: where } of operation.parameters as { name: string; in: string }[]) {
      if (where !== 'header') continue;
      const headers = { [name]: 'not one of these' };
      await expectProblem(await ask(method, path, { ...admin, ...bodyOf(row), headers }), 'E_BAD_REQUEST');
    }
    if (operation.requestBody) {
      const bodies = ['{', '[]', '"x"', 'null', '{"nonsense":1}', '{"__proto__":{"name":"x"},"y":1}'];
      for (const body of bodies)
        await expectProblem(await ask(method, path, { ...admin, body }), 'E_BAD_REQUEST');
      const text = { 'content-type': 'text/plain' };
      await expectProblem(await ask(method, path, { ...admin, body: '{}', headers: text }), 'E_BAD_REQUEST');
      const huge = { name: 'x'.repeat(TOO_MANY[row.id] ?? 70_000) };
      await expectProblem(await ask(method, path, { ...admin, body: huge }), 'E_TOO_LARGE');
    }
    for (const example of Object.values(EXAMPLES).filter((text) => path.includes(text))) {
      for (const odd of ['%00%ff', '%2e%2e%2f', 'x'.repeat(3_000), '__proto__', 'thr_', '*', '%7B%7D']) {
        const response = await ask(method, path.replace(example, odd), { ...admin, ...bodyOf(row) });
        expect([400, 404]).toContain(response.status);
      }
    }
  });

  it('names in the document what it answers', async () => {
    const { responses } = operation;
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['400', '401', '403', '429', '503']));
    if (method !== 'GET') return;
    const response = await ask(method, path + (QUERIES[row.id] ?? ''), { key: 'dev-key' });
    const content = responses[String(response.status)]?.['content'] as Record<string, { schema: object }>;
    expect(Object.keys(content)).toContain(response.headers.get('content-type')?.split(';')[0]);
    const schema = content['application/json']?.schema;
    if (!schema) return response.body?.cancel();
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const validate = ajv.compile({ ...schema, components: document.components });
    const answer: unknown = await response.json();
    expect(validate(answer), JSON.stringify(validate.errors)).toBe(true);
  });
});

it('nothing of this did anything', async () => {
  expect((await ask('GET', `/threads/${thread.id}`, { key: key.key })).status).toBe(200);
});
