import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { AgentName } from '../../base/ids.ts';
import { type Definitions, openDefinitions } from './definitions.ts';

const text = (name: string, says: string) => `name: ${name}\ngreeting: {kind: none}\ninstructions: ${says}\n`;

let place: string;
let logged: Record<string, unknown>[];
let definitions: Definitions;

const own = (file: string) => join(place, 'home', 'agent', 'definitions', file);
const shipped = (file: string) => join(place, 'root', 'agent', 'definitions', file);
const get = (name: string) => definitions.get(name as AgentName);

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'definitions-'));
  onTestFinished(() => rmSync(place, { recursive: true }));
  mkdirSync(own(''), { recursive: true });
  mkdirSync(shipped(''), { recursive: true });
  writeFileSync(shipped('desk.yaml'), text('desk', 'shipped'));
  logged = [];
  const log = pino({}, { write: (line: string) => logged.push(JSON.parse(line) as Record<string, unknown>) });
  const base = { home: join(place, 'home'), root: join(place, 'root') };
  definitions = openDefinitions({ ...base, env: {}, log });
});

test('the shipped agents answer where a user has none of that name', () => {
  expect(get('desk').definition.instructions).toBe('shipped');
  writeFileSync(own('mine.yaml'), text('desk', 'mine'));
  expect(get('desk').definition.instructions).toBe('mine');
  rmSync(own('mine.yaml'));
  expect(get('desk').definition.instructions).toBe('shipped');
});

test('the version is the hash of the text, and the same text is read once', () => {
  const first = get('desk');
  expect(first.version).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(get('desk')).toBe(first);
});

test('an edit holds from the next call on', () => {
  const before = get('desk').version;
  writeFileSync(shipped('desk.yaml'), text('desk', 'edited!'));
  expect(get('desk').definition.instructions).toBe('edited!');
  expect(get('desk').version).not.toBe(before);
});

test('a file edited into something wrong keeps answering as it was, and is told once', () => {
  get('desk');
  writeFileSync(shipped('desk.yaml'), 'name: desk\n');
  expect(get('desk').definition.instructions).toBe('shipped');
  get('desk');
  expect(logged.map(({ code }) => code)).toEqual(['E_DEFINITION_INVALID']);
  expect(logged[0]?.['problem']).toContain('desk.yaml:1: E_DEFINITION_INVALID: greeting is missing');
  writeFileSync(shipped('desk.yaml'), text('desk', 'mended'));
  expect(get('desk').definition.instructions).toBe('mended');
});

test("a user's own file that was never right is an error, not the shipped agent of its name", () => {
  writeFileSync(own('desk.yaml'), 'name: desk\n');
  expect(() => get('desk')).toThrow(expect.objectContaining({ code: 'E_DEFINITION_INVALID' }));
});

test('an agent that is not there, or whose name is none, is not found', () => {
  for (const name of ['nobody', '../desk', 'Desk', '']) {
    expect(() => get(name)).toThrow(expect.objectContaining({ code: 'E_DEFINITION_NOT_FOUND' }));
  }
});

test('all agents that answer are listed, and what an editor leaves behind is not read', () => {
  writeFileSync(own('b.yml'), text('b', 'b'));
  writeFileSync(own('.b.yml.swp'), 'junk');
  writeFileSync(own('b.yaml~'), 'junk');
  writeFileSync(own('wrong.yaml'), 'junk');
  expect(definitions.names()).toEqual(['b', 'desk']);
});

test('a file that was replaced, as editors do it, is read again', () => {
  get('desk');
  writeFileSync(own('new'), text('desk', 'shippee'));
  renameSync(own('new'), shipped('desk.yaml'));
  expect(get('desk').definition.instructions).toBe('shippee');
});

test('a variable of the environment that is not set is told when the definition is read', () => {
  writeFileSync(own('a.yaml'), text('a', "'Open {{env.OPENING_HOURS}}'"));
  get('a');
  expect(logged).toMatchObject([{ code: 'E_CONFIG', agent: 'a', unset: ['OPENING_HOURS'] }]);
});
