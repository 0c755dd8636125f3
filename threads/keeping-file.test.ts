import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { printProblem } from '../base/problem.ts';
import { keepingProblems, parseKeeping, readKeeping } from './keeping-file.ts';

const place = { home: '/home', env: { KEY: 'AKID', SECRET: 'secret' } };
const problems = (text: string) => parseKeeping(text, 'keeping.yaml', place).problems.map(printProblem);

it('without a file everything is kept, and the archive is a folder of the home', () => {
  expect(readKeeping({ home: '/nowhere', env: {} })).toEqual({
    archive: { folder: '/nowhere/archive' },
    organizations: new Map(),
  });
});

it('says how long each organization keeps what, and where', () => {
  const text = `
archive:
  s3:
    endpoint: http://minio.internal:9000
    bucket: calls
    access_key_env: KEY
    secret_key_env: SECRET
organizations:
  default: {days_in_redis: 30, days: 365}
  acme: {days: 7}
`;
  expect(parseKeeping(text, 'keeping.yaml', place).settings).toEqual({
    archive: {
      endpoint: 'http://minio.internal:9000',
      bucket: 'calls',
      region: 'us-east-1',
      prefix: '',
      accessKey: 'AKID',
      secretKey: 'secret',
    },
    organizations: new Map([
      ['default', { daysInRedis: 30, days: 365 }],
      ['acme', { daysInRedis: undefined, days: 7 }],
    ]),
  });
  const folder = parseKeeping('archive: {folder: old/calls}', 'keeping.yaml', place).settings?.archive;
  expect(folder).toEqual({ folder: '/home/old/calls' });
});

it.each([
  [
    'organizations:\n  default: {days_in_redis: 30, days: 30}',
    ['2: organizations.default is not valid; days_in_redis has to be less than days'],
  ],
  [
    'organizations:\n  default:\n    days: 0',
    ['3: organizations.default.days is not valid; the least is 1 day'],
  ],
  [
    'organizations:\n  default:\n    days: soon',
    ['3: organizations.default.days is not valid; write a whole number of days'],
  ],
  [
    'organizations:\n  default:\n    day: 3',
    ['3: unknown key organizations.default.day; known are days_in_redis, days'],
  ],
  [
    'organizations:\n  ../x: {days: 3}',
    ['2: organizations.../x is no valid name; use the name of an organization'],
  ],
  [
    'archive:\n  folder: x\n  s3:\n    bucket: B',
    [
      '3: archive.s3.endpoint is not valid; write it as https://host or http://host:port',
      '3: archive.s3.access_key_env is missing or of another kind; write it as docs/keeping.md shows',
      '3: archive.s3.secret_key_env is missing or of another kind; write it as docs/keeping.md shows',
      '4: archive.s3.bucket is not valid; use the name of a bucket: a-z, 0-9, dots and dashes',
    ],
  ],
  [
    'archive:\n  s3:\n    endpoint: http://u:p@host\n    bucket: calls\n    access_key_env: KEY\n    secret_key_env: SECRET',
    ['3: archive.s3.endpoint is not valid; leave credentials and everything behind the path out'],
  ],
  [
    'archive:\n  s3:\n    endpoint: https://host\n    bucket: calls\n    access_key_env: KEY\n    secret_key_env: NOT_SET',
    ['6: archive.s3.secret_key_env: the variable is not set; set it in the environment or in .env.local'],
  ],
  [
    'archive: [',
    [
      '1: no valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]; mend the YAML at this line',
    ],
  ],
])('says what is wrong in %j', (text, told) => {
  expect(problems(text)).toEqual(
    told.map((line) => `keeping.yaml:${line.replace(': ', ': E_KEEPING_INVALID: ')}`),
  );
});

it('starts nothing with a file that is wrong', () => {
  const home = mkdtempSync(join(tmpdir(), 'keeping-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  writeFileSync(join(home, 'keeping.yaml'), 'organizations: {default: {days: -1}}');
  expect(() => readKeeping({ home, env: {} })).toThrow(/keeping.yaml:1: E_KEEPING_INVALID/);
  expect(keepingProblems({ home, env: {} })).toHaveLength(1);
});
