import { expect, test } from 'vitest';
import { printProblem } from '../../base/problem.ts';
import { languageOf } from './character.ts';
import { parseDefinition } from './load.ts';

const read = (more: string) =>
  parseDefinition('desk.yaml', `name: desk\ngreeting: { kind: none }\ninstructions: Help.\n${more}`);
const problems = (more: string) => read(more).problems.map(printProblem);

test('the language of the agent is that of its callers, unless hearing has one of its own', () => {
  const languages = ['', 'language: de\n', 'language: de\nmodels: { stt: { language: fr } }\n'].map(
    (more) => {
      const { definition } = read(more);
      return definition && languageOf(definition);
    },
  );
  expect(languages).toEqual(['en', 'de', 'fr']);
});

test('a persona is a template, and its faults have their line', () => {
  expect(problems('persona: You are {{vars.name}} of {{company}}.\n')).toEqual([
    expect.stringMatching(/^desk\.yaml:4: E_DEFINITION_INVALID: persona: /),
  ]);
});

test.each([
  [
    'pronunciation:\n  SQL: sequel\n  Sql: es queue ell\n',
    'desk.yaml:6: E_DEFINITION_INVALID: pronunciation: Sql is SQL once more; case makes no difference; keep one of them',
  ],
  [
    'pronunciation:\n  "Zoë": Zo\n  "Zoe\u0308": Zo-ee\n',
    'desk.yaml:6: E_DEFINITION_INVALID: pronunciation: Zoe\u0308 is Zoë once more; case makes no difference; keep one of them',
  ],
  [
    'pronunciation:\n  " SQL": sequel\n',
    'desk.yaml:5: E_DEFINITION_INVALID: pronunciation: " SQL" begins or ends with a blank, or has signs that nobody sees; write the word as it stands in texts',
  ],
  [
    'language: German\n',
    'desk.yaml:4: E_DEFINITION_INVALID: language: "German" is not valid; use a code like en or de-AT',
  ],
])('%j is told', (more, told) => {
  expect(problems(more)).toEqual([told]);
});
