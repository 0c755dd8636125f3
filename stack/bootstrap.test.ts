import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const REPOSITORY = join(import.meta.dirname, '..');
let clone: string;

/** A clone that has only what bootstrap.mjs looks at, with an npm that installs tsx and counts how often it was called. */
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'attendant-clone-'));
  mkdirSync(join(clone, 'stack'));
  copyFileSync(join(import.meta.dirname, 'bootstrap.mjs'), join(clone, 'stack', 'bootstrap.mjs'));
  writeFileSync(join(clone, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(clone, 'stack', 'test.ts'),
    'export const run = (args: string[]): number => { console.log(`tests of ${args.join("+")}`); return 7; };',
  );
  lock('1.0.0');
  mkdirSync(join(clone, 'bin'));
  writeFileSync(
    join(clone, 'bin', 'npm'),
    `#!/bin/sh
echo "$@" >> npm-calls
rm -rf node_modules; mkdir node_modules; sleep 0.2
ln -s ${REPOSITORY}/node_modules/tsx node_modules/tsx
cp package-lock.json node_modules/.package-lock.json
`,
  );
  chmodSync(join(clone, 'bin', 'npm'), 0o755);
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

const lock = (version: string) =>
  writeFileSync(
    join(clone, 'package-lock.json'),
    JSON.stringify({
      packages: {
        '': {},
        'node_modules/tsx': { version },
        'node_modules/not-here': { version, optional: true },
      },
    }),
  );
const installations = () => readFileSync(join(clone, 'npm-calls'), 'utf8').trim().split('\n').length;

function bootstrap(...args: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(clone, 'stack', 'bootstrap.mjs'), ...args], {
      cwd: tmpdir(),
      env: { PATH: `${join(clone, 'bin')}:/usr/bin:/bin` },
    });
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    child.stderr.on('data', (data: Buffer) => (output += data.toString()));
    child.once('close', (code) => resolve({ code, output }));
  });
}

describe('bootstrap', () => {
  it('installs the packages of a fresh clone, then passes arguments and exit code on', async () => {
    const { code, output } = await bootstrap('test', 'one', 'two');
    expect(output).toMatch(/Installing npm packages[^\n]*\ntests of one\+two\n$/);
    expect(code).toBe(7);
  });

  it('installs nothing the second time', async () => {
    await bootstrap('test');
    expect((await bootstrap('test', 'again')).output).toBe('tests of again\n');
    expect(installations()).toBe(1);
  });

  it('installs again when the lock file says another version', async () => {
    await bootstrap('test');
    lock('1.0.1');
    await bootstrap('test');
    expect(installations()).toBe(2);
  });

  it('installs once where two begin at the same time', async () => {
    const both = await Promise.all([bootstrap('test'), bootstrap('test')]);
    expect(both.map(({ code }) => code)).toEqual([7, 7]);
    expect(installations()).toBe(1);
  });

  it('takes over from an installation that was killed', async () => {
    mkdirSync(join(clone, '.attendant', 'npm-ci.lock'), { recursive: true });
    writeFileSync(join(clone, '.attendant', 'npm-ci.lock', 'pid'), '4194304');
    expect((await bootstrap('test')).code).toBe(7);
    expect(existsSync(join(clone, '.attendant', 'npm-ci.lock'))).toBe(false);
  });

  it('says what npm could not do', async () => {
    writeFileSync(join(clone, 'bin', 'npm'), '#!/bin/sh\necho registry is away >&2\nexit 1\n');
    const { code, output } = await bootstrap('test');
    expect(output).toMatch(/registry is away\nE_TOOL_MISSING: npm ci failed/);
    expect(code).toBe(1);
  });
});
