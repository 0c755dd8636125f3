import { expect, test } from 'vitest';
import { parseDefinition } from './load.ts';
import { plainGreetings } from './plain-greetings.ts';

function greetings(greeting: string, more = '') {
  const text = `name: desk\ngreeting: ${greeting}\ninstructions: Help.\nvariables: { company: Northwind }\n${more}`;
  const { definition, problems } = parseDefinition('desk.yaml', text);
  if (!definition) throw new Error(JSON.stringify(problems));
  return plainGreetings(definition, { CITY: 'Bern' });
}
const fixed = (text: string) => `{ kind: fixed, text: '${text}' }`;

test.each([
  [fixed('Hello.'), ['Hello.']],
  [fixed('{{ vars.company }} in {{env.CITY}}.'), ['Northwind in Bern.']],
  [fixed('Hello {{caller_id}}.'), []],
  [fixed('Hello {{header.x-name}}.'), []],
  [fixed('Hello {{vars.name}}.'), []],
  [fixed('Hello {{env.UNSET}}.'), []],
  ['{ kind: generated, instructions: Greet. }', []],
  ['{ kind: none }', []],
])('%s is %j', (greeting, texts) => {
  expect(greetings(greeting)).toEqual(texts);
});

test('those of rules are among them, with the rule’s variables, but not those of other agents', () => {
  const rules = `routes:
  rules:
    - { name: own, when: { caller: '1' }, greeting: { kind: fixed, text: 'Hello, own.' } }
    - { name: other, when: { caller: '2' }, vars: { company: Southwind } }
    - { name: third, when: { caller: '3' }, agent: elsewhere, greeting: { kind: fixed, text: No. } }
`;
  expect(greetings(fixed('{{vars.company}}.'), rules)).toEqual(['Northwind.', 'Hello, own.', 'Southwind.']);
});

test('of an agent of several steps it is that of the step that a call begins in', () => {
  const steps = `flows:
  first: { greeting: { kind: fixed, text: First. }, goto: { second: Then. } }
  second: { greeting: { kind: fixed, text: Second. } }
  third: {}
routes:
  rules:
    - { name: back, when: { caller: '1' }, flow: second }
    - { name: again, when: { caller: '2' }, flow: third }
`;
  expect(greetings(fixed('Agent.'), steps)).toEqual(['First.', 'Second.', 'Agent.']);
});
