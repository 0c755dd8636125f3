import { expect, test } from 'vitest';
import { printProblem } from '../../base/problem.ts';
import { parseDefinition } from './load.ts';

const RIGHT = `name: desk
greeting:
  kind: fixed
  text: Hello {{caller_id}}.
instructions: |
  Help the caller.
  They are {{vars.name}}.
variables:
  name: someone
tools:
  receive_dtmf:
    digits: 9
  transfer_call:
    destinations:
      billing:
        to: sip:billing@company.com
        description: Refunds.
        headers:
          X-Uid: '{{uid}}'
  end_dialog:
    outcome:
      type: object
      properties:
        reason:
          type: string
      required: [reason]
limits:
  max_duration: 600
`;

const read = (text: string) => parseDefinition('desk.yaml', text);

test('fields of an analysis that are too long are told', () => {
  const fields = JSON.stringify({ type: 'object', title: 'x'.repeat(8_000) });
  expect(read(`${RIGHT}analysis: { fields: ${fields} }\n`).problems.map(({ what }) => what)).toEqual([
    `analysis.fields: has ${fields.length} characters as JSON`,
  ]);
});

test('a definition that is right has no problems', () => {
  const { definition, problems } = read(RIGHT);
  expect(problems).toEqual([]);
  expect(definition?.tools.receive_dtmf).toMatchObject({ digits: 9, first_digit_timeout: 30 });
});

/** What is replaced, by what, and what is told of it. */
const BROKEN: [string | RegExp, string, ...string[]][] = [
  ['name: desk\n', '', 'desk.yaml:1: E_DEFINITION_INVALID: name is missing; add it (string)'],
  [
    'name: desk',
    'name: The Desk',
    'desk.yaml:1: E_DEFINITION_INVALID: name: "The Desk" is not valid; use lower-case letters, digits and hyphens',
  ],
  [
    'name: desk',
    'name: 42',
    'desk.yaml:1: E_DEFINITION_INVALID: name is 42; write a text; quote it where it looks like a number or true',
  ],
  [
    'kind: fixed',
    'kind: spoken',
    'desk.yaml:3: E_DEFINITION_INVALID: greeting.kind is "spoken"; use one of generated, fixed, none',
  ],
  [
    '  kind: fixed\n',
    '',
    'desk.yaml:2: E_DEFINITION_INVALID: greeting.kind is missing; add it: one of generated, fixed, none',
  ],
  [
    '  text: Hello {{caller_id}}.\n',
    '',
    'desk.yaml:2: E_DEFINITION_INVALID: greeting.text is missing; add it (string)',
  ],
  [
    '{{caller_id}}',
    '{{callerid}}',
    'desk.yaml:4: E_DEFINITION_INVALID: greeting.text: unknown variable {{callerid}}; known are {{caller_id}} {{inbound_did}} {{uid}} {{now}} {{summary}} {{header.x-…}} {{vars.…}} {{env.…}}',
  ],
  [
    '{{vars.name}}',
    '{{var.name}}',
    'desk.yaml:7: E_DEFINITION_INVALID: instructions: unknown variable {{var.name}}; known are {{caller_id}} {{inbound_did}} {{uid}} {{now}} {{summary}} {{header.x-…}} {{vars.…}} {{env.…}}',
  ],
  [
    '{{vars.name}}',
    '{{vars.name',
    'desk.yaml:7: E_DEFINITION_INVALID: instructions: {{ is not closed; write a variable as {{name}}; double braces stand for nothing else',
  ],
  [
    '{{vars.name}}',
    '{{env.REDIS_URL}}',
    'desk.yaml:7: E_DEFINITION_INVALID: instructions: {{env.REDIS_URL}} is a secret of Attendant itself; keep what a template needs in a variable of its own',
  ],
  [
    /instructions: \|\n.*\n.*\n/,
    'instructions: ""\n',
    'desk.yaml:5: E_DEFINITION_INVALID: instructions is too short; the least is 1',
  ],
  [
    'name: someone',
    "name: '{{uid}}'",
    'desk.yaml:9: E_DEFINITION_INVALID: variables.name: is no template, so {{ stays as it is; write it without variables, or name them in instructions',
  ],
  [
    'receive_dtmf',
    'recieve_dtmf',
    'desk.yaml:11: E_DEFINITION_INVALID: unknown key tools.recieve_dtmf; did you mean receive_dtmf?',
  ],
  [
    'limits:',
    'boundaries:',
    'desk.yaml:27: E_DEFINITION_INVALID: unknown key boundaries; known are $schema, name, description, models, language, persona, pronunciation, greeting, instructions, on_enter, on_exit, code, variables, state, flow, flows, tools, turns, limits, overflow, recording, trouble, outbound, handoff, analysis, routes',
  ],
  [
    'digits: 9',
    'digits: nine',
    'desk.yaml:12: E_DEFINITION_INVALID: tools.receive_dtmf.digits is "nine"; write a number',
  ],
  [
    'digits: 9',
    'digits: 0',
    'desk.yaml:12: E_DEFINITION_INVALID: tools.receive_dtmf.digits is too small; the least is 1',
  ],
  [
    'digits: 9',
    'digits: 9\n    digits: 8',
    'desk.yaml:13: E_DEFINITION_INVALID: no valid YAML: Map keys must be unique; mend the YAML at this line',
  ],
  [
    'max_duration: 600',
    'max_duration: 0',
    'desk.yaml:28: E_DEFINITION_INVALID: limits.max_duration is too small; it must be more than 0',
  ],
  [
    '      billing:',
    '      Billing Desk:',
    'desk.yaml:15: E_DEFINITION_INVALID: tools.transfer_call.destinations.Billing Desk is no valid name; use lower-case letters, digits and hyphens',
  ],
  [
    '        description: Refunds.\n',
    '',
    'desk.yaml:15: E_DEFINITION_INVALID: tools.transfer_call.destinations.billing.description is missing; add it (string)',
  ],
  [
    'sip:billing@company.com',
    'billing@company.com',
    'desk.yaml:16: E_DEFINITION_INVALID: destination billing: "billing@company.com" is no address; write sip:user@host, sips:user@host, tel:+15550123 or +15550123',
  ],
  [
    'sip:billing@company.com',
    "'{{uid}}@company.com'",
    'desk.yaml:16: E_DEFINITION_INVALID: destination billing: "{{uid}}@company.com" is no address; write sip:user@host, sips:user@host, tel:+15550123 or +15550123',
  ],
  [
    'digits: 9',
    'to_model: masked',
    'desk.yaml:12: E_DEFINITION_INVALID: receive_dtmf: to_model: masked without confirm: true and sensitive: true; set both: the model cannot read back what it does not know, and the thread must not know it either',
  ],
  [
    'digits: 9',
    'confirmation: { tries: 2 }',
    'desk.yaml:12: E_DEFINITION_INVALID: receive_dtmf: confirmation without confirm: true; set confirm: true, or take confirmation out',
  ],
  [
    'digits: 9',
    'confirm: true\n    confirmation:\n      read_back: You typed it.',
    'desk.yaml:14: E_DEFINITION_INVALID: receive_dtmf: read_back says no digits; write {{digits}} into it',
  ],
  [
    'digits: 9',
    "confirm: true\n    confirmation: { question: 'Is it {{digits}}?' }",
    'desk.yaml:13: E_DEFINITION_INVALID: tools.receive_dtmf.confirmation.question: unknown variable {{digits}}; known are {{caller_id}} {{inbound_did}} {{uid}} {{now}} {{summary}} {{header.x-…}} {{vars.…}} {{env.…}}',
  ],
  [
    'X-Uid:',
    'Refer-To:',
    'desk.yaml:19: E_DEFINITION_INVALID: the header Refer-To belongs to the SIP stack; use a header that starts with X-',
  ],
  [
    'X-Uid:',
    '"X Uid":',
    'desk.yaml:19: E_DEFINITION_INVALID: "X Uid" is no name of a header; write it like X-Uid',
  ],
  [
    "X-Uid: '{{uid}}'",
    'X-Uid: "a\\r\\nb"',
    'desk.yaml:19: E_DEFINITION_INVALID: the header X-Uid has more than one line; write it on one line',
  ],
  [
    / {6}billing:\n(?: {8,}.*\n)+/,
    '      {}\n',
    'desk.yaml:14: E_DEFINITION_INVALID: tools.transfer_call.destinations: list at least one destination; see agent/definition/definition.schema.json',
  ],
  [
    '  end_dialog:',
    '      again: {to: "sip:billing@company.com", description: Again.}\n  end_dialog:',
    'desk.yaml:20: E_DEFINITION_INVALID: destinations billing and again have the same address; the model chooses by address: keep one, with both descriptions',
  ],
  [
    'tools:',
    'analysis: { modell: gpt }\ntools:',
    'desk.yaml:10: E_DEFINITION_INVALID: unknown key analysis.modell; did you mean model?',
  ],
  [
    'tools:',
    'analysis: { fields: { type: array } }\ntools:',
    'desk.yaml:10: E_DEFINITION_INVALID: analysis.fields.type: the fields are no object; write type: object, and what it holds under properties:',
  ],
  [
    'tools:',
    'analysis: { timeout: 120 }\ntools:',
    'desk.yaml:10: E_DEFINITION_INVALID: analysis.timeout is too large; the most is 60',
  ],
  [
    '      type: object\n',
    '',
    'desk.yaml:21: E_DEFINITION_INVALID: tools.end_dialog.outcome.type: the outcome is no object; write type: object, and what it holds under properties:',
  ],
  [
    'type: string',
    'type: text',
    'desk.yaml:25: E_DEFINITION_INVALID: tools.end_dialog.outcome.properties.reason.type: no valid JSON Schema: must be equal to one of the allowed values; use one of array, boolean, integer, null, number, object, string',
  ],
  [
    'type: string',
    'pattern: "["',
    'desk.yaml:21: E_DEFINITION_INVALID: tools.end_dialog.outcome: no valid JSON Schema: Invalid regular expression: /[/u: Unterminated character class; write a schema of draft-07 that refers to nothing outside of it',
  ],
  [
    'type: string',
    '$ref: https://example.com/x',
    "desk.yaml:21: E_DEFINITION_INVALID: tools.end_dialog.outcome: no valid JSON Schema: can't resolve reference https://example.com/x from id #; write a schema of draft-07 that refers to nothing outside of it",
  ],
  [
    '  kind: fixed',
    '\tkind: fixed',
    'desk.yaml:3: E_DEFINITION_INVALID: no valid YAML: Tabs are not allowed as indentation; mend the YAML at this line',
  ],
  [
    'kind: fixed',
    'kind: !!js/function x',
    'desk.yaml:3: E_DEFINITION_INVALID: no valid YAML: Unresolved tag: tag:yaml.org,2002:js/function; mend the YAML at this line',
  ],
];

test.each(BROKEN)('%j as %j is told with its line and its mend', (what, by, ...told) => {
  const text = RIGHT.replace(what, () => by);
  expect(text).not.toBe(RIGHT);
  const { definition, problems } = read(text);
  expect(definition).toBeUndefined();
  expect(problems.map(printProblem)).toEqual(told);
});

test('all that is wrong is told at once, from the top', () => {
  const text = RIGHT.replace('digits: 9', 'digits: x').replace('kind: fixed', 'kind: x').replace('600', '-1');
  expect(read(text).problems.map(({ line }) => line)).toEqual([3, 12, 28]);
});

test.each(['', '[]', 'just text', '# nothing', '42'])('%j is no definition', (text) => {
  expect(read(text).problems[0]).toMatchObject({ line: 1, what: 'no agent definition: it holds no keys' });
});

test('a file of any size or nesting is refused, not loaded', () => {
  expect(read(`# ${'x'.repeat(600_000)}\n${RIGHT}`).problems[0]?.what).toBe('the file has more than 512 KiB');
  const level = (n: number) =>
    `l${n}: &l${n} [${Array(9)
      .fill(`*l${n - 1}`)
      .join(', ')}]`;
  const bomb = ['l0: &l0 [x, x]', ...Array.from({ length: 9 }, (_, i) => level(i + 1))].join('\n');
  expect(read(bomb).problems[0]?.what).toContain('Excessive alias count');
});

test('a name that is a key of every object is a name like any other', () => {
  expect(read(RIGHT.replace('limits:', '__proto__:')).problems[0]).toMatchObject({
    line: 27,
    what: expect.stringContaining('unknown key __proto__') as string,
  });
});
