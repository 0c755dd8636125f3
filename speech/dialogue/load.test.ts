import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseDialogue } from './choose.ts';
import { loadDialogues, parseDialogue } from './load.ts';

const good = `name: test
phrases:
  agree: ['yes']
rules:
  - when: { start: true }
    say: Hello.
    then: open
`;

describe('a dialogue file that is wrong is named with its line', () => {
  it.each([
    ['is no YAML', 'name: [test', 1, /./],
    ['has an unknown key', good + 'colour: red\n', 8, /colour/],
    ['lacks its rules', 'name: test\n', 1, /rules/],
    ['says nothing in a rule', good + '  - when: { start: true }\n', 8, /says or calls/],
    ['names two happenings', good + '  - when: { start: true, says: anything }\n    say: x\n', 8, /one of/],
    ['names none', good + '  - when: {}\n    say: x\n', 8, /one of/],
    [
      'uses a phrase that is not there',
      good + '  - when:\n      says:\n        - maybe\n    say: x\n',
      10,
      /no phrase maybe/,
    ],
    [
      'is in a state that nothing leads to',
      good + '  - in: [shut]\n    when: { start: true }\n    say: x\n',
      8,
      /shut/,
    ],
    [
      'knows a fact that is not there',
      good + '  - when: { start: true, knows: [age] }\n    say: x\n',
      8,
      /no fact age/,
    ],
    [
      'counts a rule that is not there',
      good + '  - when: { start: true, used: { rule: r, times: 1 } }\n    say: x\n',
      8,
      /no rule r/,
    ],
    ['has a broken pattern', good + "facts:\n  age: '(\\d+'\n", 9, /regular expression/],
    [
      'has a template of nothing',
      good + '  - when: { start: true }\n    say: "{{caller.name}}"\n',
      9,
      /caller\.name/,
    ],
    ['has a phrase without words', good.replace("'yes'", "'...'"), 3, /no words/],
    [
      'has fields without a result',
      good + '  - when: { says: anything, fields: { a: 1 } }\n    say: x\n',
      8,
      /fields/,
    ],
  ])('where it %s', (_, text, line, what) => {
    const parse = () => parseDialogue(text, 'dialogues/test.yaml');
    expect(parse).toThrow(new RegExp(`^dialogues/test\\.yaml:${line}: `));
    expect(parse).toThrow(what);
  });
});

describe('dialogues', () => {
  it('of a user stand before the shipped ones of their name, and a folder that is not there has none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'attendant-dialogues-'));
    try {
      for (const [name, hello] of [
        ['own', 'Mine.'],
        ['shipped', 'Shipped.'],
      ] as const) {
        await mkdir(join(folder, name));
        await writeFile(join(folder, name, 'test.yaml'), good.replace('Hello.', hello));
        await writeFile(join(folder, name, 'notes.txt'), 'no dialogue');
      }
      const loaded = await loadDialogues(['own', 'missing', 'shipped'].map((name) => join(folder, name)));
      expect(loaded.map(({ rules }) => rules[0]?.say)).toEqual(['Mine.']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('are chosen by model, by the instructions, or for want of another', () => {
    const acme = parseDialogue(
      `${good}for: { instructions_contain: Acme Corp }\n`.replace('test', 'acme'),
      'a.yaml',
    );
    const general = parseDialogue(good.replace('test', 'general'), 'g.yaml');
    const choose = (model: string, instructions: string) =>
      chooseDialogue([acme, general], model, instructions)?.name;
    expect(choose('gpt-4.1-mini', 'You are the assistant of Acme Corp.')).toBe('acme');
    expect(choose('gpt-4.1-mini', 'You are the assistant of Another.')).toBe('general');
    expect(choose('general', 'You are the assistant of Acme Corp.')).toBe('general');
    expect(chooseDialogue([acme], 'x', 'y')).toBeUndefined();
  });
});
