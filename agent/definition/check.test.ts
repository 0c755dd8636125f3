import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checkDefinitions } from './check.ts';
import { definitionFiles, definitionFolders } from './definitions.ts';

test('the shipped agents are right', () => {
  const root = join(import.meta.dirname, '..', '..');
  const files = definitionFolders({ home: root, root }).flatMap(definitionFiles);
  const { problems, agents } = checkDefinitions(files);
  expect(problems).toEqual([]);
  expect([...agents]).toContain('sip-call-center');
});

test('two files of a folder with the same agent, and files that are not there, are told', () => {
  const folder = mkdtempSync(join(tmpdir(), 'check-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const text = '# an agent\nname: a\ngreeting: {kind: none}\ninstructions: Help.\n';
  const [one = '', two = '', three = ''] = ['1.yaml', '2.yaml', '3.yaml'].map((name) => join(folder, name));
  writeFileSync(one, text);
  writeFileSync(two, text);
  expect(checkDefinitions([one, two, three, folder]).problems).toMatchObject([
    { file: two, line: 2, what: `the agent a is also in ${one}` },
    { file: three, line: 1, what: expect.stringContaining('ENOENT') as string },
    { file: folder, line: 1, what: expect.stringContaining('cannot be read') as string },
  ]);
});

test('a destination of side calls names an agent that is there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'check-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'a.yaml');
  const to = 'to: sip:ivr@partner.example\n        description: Orders.\n        agent: navigator\n';
  writeFileSync(
    file,
    `name: a\ngreeting: {kind: none}\ninstructions: Help.\ntools:\n  consult_call:\n    destinations:\n      partner:\n        ${to}`,
  );
  expect(checkDefinitions([file]).problems).toMatchObject([
    { line: 10, what: 'destination partner: the agent navigator has no definition that is right' },
  ]);
  expect(checkDefinitions([file], new Set(['navigator'])).problems).toEqual([]);
});

test('steps that rules of other agents begin in are there and reached; what they set is declared', () => {
  const folder = mkdtempSync(join(tmpdir(), 'check-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [desk = '', front = ''] = ['desk.yaml', 'front.yaml'].map((name) => join(folder, name));
  const head = (name: string) => `name: ${name}\ngreeting: {kind: none}\ninstructions: Help.\n`;
  writeFileSync(
    desk,
    `${head('desk')}state: {tier: {type: string}}\nflows:\n  start: {goto: {end: Done.}}\n  end: {}\n  vip: {}\n  lost: {goto: {vip: Always.}}\n`,
  );
  const rules = (flow: string, state: string) =>
    `${head('front')}routes:\n  rules:\n  - name: vip\n    agent: desk\n    flow: ${flow}\n    state: {${state}}\n`;
  writeFileSync(front, rules('vip', 'tier: gold'));
  const told = (files: string[]) =>
    checkDefinitions(files).problems.map(({ line, what }) => `${line}: ${what}`);
  expect(told([desk, front])).toEqual(['9: nothing leads to the step lost']);
  expect(told([desk])).toEqual(['8: nothing leads to the step vip', '9: nothing leads to the step lost']);
  expect(checkDefinitions([desk], new Set(), checkDefinitions([front]).begun).problems).toHaveLength(1);
  writeFileSync(front, rules('lobby', 'level: gold'));
  expect(told([desk, front]).slice(2)).toEqual([
    '9: state has no level',
    '8: the agent desk has no step lobby',
  ]);
});
