import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { type Config, readConfig } from '../config.ts';
import { checkFiles } from './check-files.ts';

const ROOT = join(import.meta.dirname, '..');

let home: string;
let config: Config;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'check-files-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  config = readConfig({ ATTENDANT_HOME: home }, home);
});

test('what is shipped, and what tests use in its place, is right', () => {
  expect(checkFiles(config)).toEqual([]);
  cpSync(join(ROOT, 'tests', 'sip-trunks'), join(home, 'sip-trunks'), { recursive: true });
  cpSync(join(ROOT, 'tests', 'dispatch-rules'), join(home, 'dispatch-rules'), { recursive: true });
  expect(checkFiles(config)).toEqual([]);
});

test('without files, everything that is loaded is checked, also against each other', () => {
  cpSync(join(ROOT, 'sip-trunks', 'local-number.json'), join(home, 'sip-trunks', 'a.json'));
  cpSync(join(ROOT, 'dispatch-rules', 'local-number.json'), join(home, 'dispatch-rules', 'a.json'));
  mkdirSync(join(home, 'agent', 'definitions'), { recursive: true });
  const agent = join(home, 'agent', 'definitions', 'sip-call-center.yaml');
  writeFileSync(agent, 'name: other\ngreeting: {kind: none}\ninstructions: Help.\n');
  expect(checkFiles(config)).toEqual([]);
  writeFileSync(
    join(home, 'dispatch-rules', 'b.json'),
    JSON.stringify({
      name: 'b',
      trunk_ids: ['local-number'],
      inbound_numbers: ['+15550999'],
      rule: { dispatchRuleIndividual: { roomPrefix: 'b' } },
      room_config: { agents: [{ agent_name: 'attendant', metadata: '{"agent": "nobody"}' }] },
    }),
  );
  expect(checkFiles(config)).toEqual([
    `${join(home, 'dispatch-rules', 'b.json')}:1: E_RULE_INVALID: the rule names the agent nobody, which has no definition that is right; known are ivr-navigator, other, sip-call-center`,
  ]);
});

test('named files and folders of every kind are checked by what they hold', () => {
  const put = (name: string, text: string) => {
    writeFileSync(join(home, name), text);
    return join(home, name);
  };
  const agent = put('a.yaml', 'name: a\n');
  const trunk = put('t.json', '{\n"name": "t"}');
  const rule = put('r.json', '{\n"name": "r",\n"rule": {}}');
  const codes = (lines: string[]) => lines.map((line) => line.replace(/^.*\/(\S+: \w+): .*$/, '$1'));
  const told = [
    'a.yaml:1: E_DEFINITION_INVALID',
    'a.yaml:1: E_DEFINITION_INVALID',
    'r.json:3: E_RULE_INVALID',
    'r.json:1: E_RULE_INVALID',
    't.json:1: E_TRUNK_OPEN',
  ];
  expect(codes(checkFiles(config, [agent, rule, trunk]))).toEqual(told);
  expect(codes(checkFiles(config, [home]))).toEqual(told);
  expect(codes(checkFiles(config, [join(home, 'gone.json')]))).toEqual(['gone.json:1: E_TRUNK_INVALID']);
});

test('the price file is checked where there is one, and where it is named', () => {
  const file = join(home, 'prices.yaml');
  writeFileSync(file, 'currency: USD\nmodels:\n  chat: { input: 1 }\n');
  const wrong = `${file}:3: E_PRICES_INVALID: unknown key models.chat.input; known are input_per_million, `;
  for (const problems of [checkFiles(config), checkFiles(config, [file])]) {
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.every((problem) => problem.startsWith(`${file}:3: E_PRICES_INVALID: `))).toBe(true);
    expect(problems.some((problem) => problem.startsWith(wrong))).toBe(true);
  }
  writeFileSync(file, 'currency: USD\nmodels:\n  chat: { input_per_million: 1, output_per_million: 2 }\n');
  expect(checkFiles(config)).toEqual([]);
});

test('a file below the working folder is told by its short name', () => {
  const file = join(ROOT, 'package.json');
  expect(checkFiles(config, [file])[0]).toMatch(new RegExp(`^${relative(process.cwd(), file)}:\\d+: `));
});
