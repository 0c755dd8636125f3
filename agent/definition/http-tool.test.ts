import { expect, test } from 'vitest';
import { printProblem } from '../../base/problem.ts';
import { splitUrl } from './http-tool.ts';
import { parseDefinition } from './load.ts';

const RIGHT = `name: desk
greeting: { kind: none }
instructions: Help.
tools:
  http:
    find_order:
      description: Finds an order.
      method: POST
      url: https://api.example.com/orders/{{args.id}}
      headers:
        Authorization: Bearer {{env.TOKEN}}
      body:
        note: ['{{args.note}}', '{{uid}}']
      parameters:
        type: object
        properties:
          id: { type: string }
          note: { type: string }
      filler: { text: 'One moment, {{caller_id}}.' }
`;

const read = (text: string) => parseDefinition('desk.yaml', text);

test('an HTTP tool that is right has no problems', () => {
  const { definition, problems } = read(RIGHT);
  expect(problems).toEqual([]);
  expect(definition?.tools.http?.['find_order']).toMatchObject({ timeout: 10, max_result: 8_000 });
});

test.each([
  ['find_order', 'end_dialog', '6: end_dialog: is the name of a voice tool; call it something else'],
  [
    'find_order',
    'Find',
    '6: tools.http.Find is no valid name; use lower-case letters, digits and underscores',
  ],
  [
    'https://api.example.com/',
    'https://{{args.id}}.example.com/',
    '9: find_order: scheme, host and port of the url are not fixed; begin it with https://host/ or {{env.…}}/, and let nothing but {{env.…}} stand in the host',
  ],
  [
    'https://api.example.com/orders/{{args.id}}',
    'ftp://api.example.com/',
    '9: find_order: scheme, host and port of the url are not fixed; begin it with https://host/ or {{env.…}}/, and let nothing but {{env.…}} stand in the host',
  ],
  [
    '{{args.id}}',
    '{{args.name}}',
    '9: tools.http.find_order.url: unknown variable {{args.name}}; known are {{args.id}} {{args.note}} {{caller_id}} {{inbound_did}} {{uid}} {{now}} {{summary}} {{header.x-…}} {{vars.…}} {{env.…}}',
  ],
  ['Authorization:', 'Host:', '11: find_order: the header Host cannot be set; take it out'],
  [
    '{{env.TOKEN}}',
    '{{env.REDIS_URL}}',
    '11: tools.http.find_order.headers.Authorization: {{env.REDIS_URL}} is a secret of Attendant itself; keep what a template needs in a variable of its own',
  ],
  [
    '{{args.note}}',
    '{{args.note}',
    '13: tools.http.find_order.body.note.0: {{ is not closed; write a variable as {{name}}; double braces stand for nothing else',
  ],
  ['POST', 'GET', '12: find_order: GET takes no body; set method: POST, or take body out'],
  [
    'note: { type: string }',
    'note: { type: text }',
    '18: tools.http.find_order.parameters.properties.note.type: no valid JSON Schema: must be equal to one of the allowed values; use one of array, boolean, integer, null, number, object, string',
  ],
  [
    'type: object',
    'type: array',
    '15: tools.http.find_order.parameters.type: the parameters are no object; write type: object, and what it holds under properties:',
  ],
  [
    '{{caller_id}}',
    '{{args.id}}',
    '19: tools.http.find_order.filler.text: unknown variable {{args.id}}; known are {{caller_id}} {{inbound_did}} {{uid}} {{now}} {{summary}} {{header.x-…}} {{vars.…}} {{env.…}}',
  ],
])('%j as %j is told with its line and its mend', (what, by, told) => {
  const text = RIGHT.replace(what, () => by);
  expect(text).not.toBe(RIGHT);
  expect(read(text).problems.map(printProblem)).toEqual([
    `desk.yaml:${told.replace(': ', ': E_DEFINITION_INVALID: ')}`,
  ]);
});

test.each([
  ['https://api.example.com', 'https://api.example.com', ''],
  ['https://api.example.com:8443/a?b', 'https://api.example.com:8443', '/a?b'],
  ['https://{{env.HOST}}/a', 'https://{{env.HOST}}', '/a'],
  ['{{ env.CRM }}?a', '{{ env.CRM }}', '?a'],
])('the origin of %s is %s', (url, origin, rest) => {
  expect(splitUrl(url)).toEqual({ origin, rest });
});

test.each([
  'https://user@api.example.com/',
  'https://api.example.com{{args.x}}/',
  'https://api.example.com\\@evil.example/',
  '{{vars.url}}/a',
  '{{env.CRM}}{{args.x}}',
  '//api.example.com/',
  'https://api.example.com/a#b',
  'javascript:alert(1)',
])('%s has no fixed origin', (url) => expect(splitUrl(url)).toBeUndefined());
