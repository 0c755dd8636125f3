import { describe, expect, it } from 'vitest';
import { definitionSchema } from '../../definition/definition.ts';
import type { HttpToolSettings } from '../../definition/http-tool.ts';
import { buildRequest } from './build-request.ts';

const VALUES: Readonly<Record<string, string>> = {
  '{{env.TOKEN}}': 's3cret',
  '{{env.CRM}}': 'https://crm.example.com:8443/v1/',
  '{{uid}}': 'abc/123',
  '{{vars.note}}': '"} , {',
};

function settings(tool: object): HttpToolSettings {
  const { tools } = definitionSchema.parse({
    ...{ name: 'a', greeting: { kind: 'none' }, instructions: 'Help.' },
    tools: { http: { find: { description: 'Finds.', url: 'https://api.example.com/', ...tool } } },
  });
  const found = tools.http?.['find'];
  if (!found) throw new Error('no tool');
  return found;
}

const build = (tool: object, args: Record<string, unknown> = {}) =>
  buildRequest(settings(tool), args, (template) => VALUES[template] ?? '');

describe('the URL', () => {
  it('has values in its path and query, encoded', () => {
    const url = 'https://api.example.com/people/{{args.id}}/orders?q={{args.q}}&uid={{uid}}';
    expect(build({ url }, { id: 'a b?#', q: '&x=1#' }).url).toBe(
      'https://api.example.com/people/a%20b%3F%23/orders?q=%26x%3D1%23&uid=abc%2F123',
    );
  });

  it('may have its origin from the environment', () => {
    expect(build({ url: '{{env.CRM}}/people/{{args.id}}' }, { id: 7 }).url).toBe(
      'https://crm.example.com:8443/v1/people/7',
    );
    expect(() => build({ url: '{{env.NOT_SET}}/people' })).toThrow(/NOT_SET is not set/);
  });

  it.each(['..', '.', '', '../admin', '..\\admin', 'a/b', '\ud800', '%2e%2e/'])(
    'is not led elsewhere by %j in its path',
    (id) => {
      expect(() => build({ url: 'https://api.example.com/people/{{args.id}}/orders' }, { id })).toThrow(
        expect.objectContaining({ code: 'E_TOOL_ARGUMENTS' }),
      );
    },
  );

  it.each(['%2e%2e', '@evil.example', 'evil.example:80', '?a=b', ';a', '#'])(
    'keeps host and path whatever is in its path and query: %j',
    (value) => {
      const { host, pathname } = new URL(
        build(
          { url: 'https://api.example.com/p/x{{args.id}}?q={{args.q}}' },
          {
            id: value,
            q: value,
          },
        ).url,
      );
      expect([host, pathname.split('/').length]).toEqual(['api.example.com', 3]);
    },
  );
});

describe('the body', () => {
  it('keeps its structure and the types of arguments, and leaves out what was not given', () => {
    const body = {
      ssn: '{{args.ssn}}',
      amount: '{{args.amount}}',
      none: '{{args.none}}',
      note: 'Call {{uid}}: {{vars.note}} {{args.ssn}}',
      list: ['{{args.ssn}}', 1, null, { deep: '{{args.items}}' }],
    };
    const args = { ssn: '12"},{"x', amount: 12.5, items: [1, 'a'] };
    const request = build({ method: 'POST', body }, args);
    expect(JSON.parse(request.body ?? '')).toEqual({
      ssn: args.ssn,
      amount: 12.5,
      note: `Call abc/123: "} , { ${args.ssn}`,
      list: [args.ssn, 1, null, { deep: [1, 'a'] }],
    });
    expect(request.headers['content-type']).toBe('application/json');
  });

  it('is the arguments where the definition has none, and nothing where the method takes none', () => {
    expect(build({ method: 'PUT' }, { a: 1 }).body).toBe('{"a":1}');
    expect(build({ method: 'GET' }, { a: 1 }).body).toBeUndefined();
  });
});

describe('headers', () => {
  it('are filled, secrets of the environment among them', () => {
    const headers = { Authorization: 'Bearer {{env.TOKEN}}', 'X-Uid': '{{uid}}', 'X-Id': '{{args.id}}' };
    expect(build({ headers }, { id: 7 }).headers).toMatchObject({
      authorization: 'Bearer s3cret',
      'x-uid': 'abc/123',
      'x-id': '7',
    });
    expect(() => build({ headers: { Authorization: '{{env.NOT_SET}}' } })).toThrow(
      expect.objectContaining({ code: 'E_HTTP_TOOL_SECRET' }),
    );
  });

  it.each(['a\r\nX-Evil: 1', 'ü', '\0'])('take no %j', (id) => {
    expect(() => build({ headers: { 'X-Id': '{{args.id}}' } }, { id })).toThrow(
      /id cannot stand in a header/,
    );
  });
});
