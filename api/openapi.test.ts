import { createConfig, lintFromString } from '@redocly/openapi-core';
import { afterAll, expect, it } from 'vitest';
import { apiParts } from './app.fixture.ts';
import type { OpenApi } from './openapi.ts';

const { ask, close } = await apiParts();
afterAll(close);

it('is an OpenAPI 3.1 document in which a linter finds nothing', async () => {
  const response = await ask('GET', '/openapi.json');
  const source = await response.text();
  expect((JSON.parse(source) as OpenApi).openapi).toMatch(/^3\.1\./);
  const config = await createConfig({
    extends: ['recommended-strict'],
    // A server of one's own has no address that the document could know; what needs no key has nothing to refuse.
    rules: { 'no-server-example.com': 'off', 'operation-4xx-response': 'off' },
  });
  const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config });
  expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual(
    [],
  );
});

it('is served as a page of one file, with every operation and every schema in it', async () => {
  const response = await ask('GET', '/docs');
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  const page = await response.text();
  expect(page).not.toMatch(/<script|<link|<img|src=|https?:/);
  const document = (await (await ask('GET', '/openapi.json')).json()) as OpenApi;
  for (const methods of Object.values(document.paths))
    for (const { operationId } of Object.values(methods)) {
      expect(page).toContain(`id="${operationId}"`);
      expect(page).toContain(`href="#${operationId}"`);
    }
  for (const name of Object.keys(document.components.schemas)) expect(page).toContain(`id="schema-${name}"`);
  for (const [, target = ''] of page.matchAll(/href="#([^"]+)"/g)) expect(page).toContain(`id="${target}"`);
});
