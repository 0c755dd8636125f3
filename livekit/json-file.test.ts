import { SIPInboundTrunkInfo } from '@livekit/protocol';
import { expect, test } from 'vitest';
import { printProblem } from '../base/problem.ts';
import { readJson } from './json-file.ts';

const kind = {
  wrappers: ['trunk'],
  ours: ['insecure'],
  type: SIPInboundTrunkInfo,
  code: 'E_TRUNK_INVALID',
} as const;

function read(text: string, env: Record<string, string> = {}) {
  const result = readJson('a.json', text, kind, env);
  return 'problems' in result ? result.problems.map(printProblem) : result.file;
}

test.each([
  [
    'snake_case, wrapped',
    '{"trunk": {"name": "a", "allowed_addresses": ["127.0.0.1"], "ringing_timeout": "8s"}}',
  ],
  ['camelCase, bare', '{"name": "a", "allowedAddresses": ["127.0.0.1"], "ringingTimeout": "8s"}'],
  [
    'tabs and a schema',
    '{\n\t"$schema": "x",\n\t"trunk": {\n\t\t"name": "a",\n\t\t"allowed_addresses": ["127.0.0.1"],\n\t\t"ringing_timeout": "8s"\n\t}\n}',
  ],
])('reads what lk takes: %s', (_, text) => {
  expect(read(text)).toMatchObject({
    info: { name: 'a', allowedAddresses: ['127.0.0.1'], ringingTimeout: { seconds: 8n } },
  });
});

test('a secret is named in the file and taken from the environment', () => {
  const text = '{"trunk": {\n"name": "a",\n"auth_password": "x${PBX_PASSWORD}"}}';
  expect(read(text, { PBX_PASSWORD: 's3cret"${B}' })).toMatchObject({
    info: { authPassword: 'xs3cret"${B}' },
  });
  expect(read(text)).toEqual([
    'a.json:3: E_TRUNK_INVALID: the variable PBX_PASSWORD is not set; set it in the environment or in .env.local',
  ]);
});

test('insecure is ours, beside the wrapper or in it', () => {
  const says = (text: string) => {
    const result = readJson('a.json', text, kind, {});
    return 'file' in result && result.file.says('insecure');
  };
  expect(says('{"insecure": true, "trunk": {"name": "a"}}')).toBe(true);
  expect(says('{"trunk": {"name": "a", "insecure": true}}')).toBe(true);
  expect(says('{"trunk": {"name": "a", "insecure": "yes"}}')).toBe(false);
});

const FIELDS = "use the fields of LiveKit's SIPInboundTrunkInfo";
const JSONS = 'write it as LiveKit\'s JSON does: durations like "8s", enums by name';

test.each([
  ['{\n"trunk": {\n"nmae": "a"}}', `a.json:3: E_TRUNK_INVALID: unknown field nmae; ${FIELDS}`],
  ['{\n"trunk": {},\n"more": 1}', `a.json:2: E_TRUNK_INVALID: unknown field trunk; ${FIELDS}`],
  [
    '{"media": {\n"codecs": [\n{"nome": "G722"}]}}',
    `a.json:3: E_TRUNK_INVALID: unknown field nome; ${FIELDS}`,
  ],
  ['{\n"numbers": "x"}', `a.json:2: E_TRUNK_INVALID: numbers cannot be read: "x"; ${JSONS}`],
  [
    '{\n"name": "a",\n"ringing_timeout": 8}',
    expect.stringContaining('a.json:3: E_TRUNK_INVALID: ringing_timeout cannot be read'),
  ],
  [
    '{\n"includeHeaders": "ALL"}',
    expect.stringContaining('a.json:2: E_TRUNK_INVALID: include_headers cannot be read'),
  ],
  ['{\n"name": "a",\n"name": "b"}', 'a.json:3: E_TRUNK_INVALID: Map keys must be unique; keep one of them'],
  ['[]', 'a.json:1: E_TRUNK_INVALID: the file holds no object; begin with {'],
  ['{"trunk": 1}', 'a.json:1: E_TRUNK_INVALID: trunk holds no object; begin it with {'],
  ['{\n"name": "a",\n}', expect.stringContaining('a.json:3: E_TRUNK_INVALID: no valid JSON')],
  ['', expect.stringContaining('a.json:1: E_TRUNK_INVALID: no valid JSON')],
  [`{"metadata": "${'x'.repeat(300_000)}"}`, expect.stringContaining('more than 256 KiB')],
])('%j is told with its line', (text, told) => {
  expect(read(text)).toEqual([told]);
});
