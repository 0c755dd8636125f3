import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../config.ts';
import { findProgram, installLine, installPackages } from './packages.ts';
import type { Progress } from './progress.ts';

const quiet: Progress = { line: () => undefined, now: () => undefined };
const never = new AbortController().signal;

describe('installLine', () => {
  it('is what a person can paste', () => {
    expect(installLine(['flite', 'sox'])).toBe('sudo apt-get install -y --no-install-recommends flite sox');
  });

  it('keeps Debian from running our servers as services of its own', () => {
    expect(installLine(['kamailio', 'flite'])).toContain(' && sudo systemctl disable --now kamailio');
  });
});

describe('installPackages', () => {
  let bin: string;
  beforeEach(() => {
    bin = mkdtempSync(join(tmpdir(), 'attendant-bin-'));
    onTestFinished(() => rmSync(bin, { recursive: true, force: true }));
  });
  const program = (name: string, script: string) => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  const config = () => readConfig({ PATH: `${bin}:/usr/bin:/bin` }, '/');

  it('asks apt for nothing where everything is there', async () => {
    program('redis-server', '');
    program('apt-get', `echo called >> ${bin}/calls`);
    await installPackages(config(), new Set(['run']), quiet, never);
    expect(findProgram(config().env, 'redis-server')).toBe(join(bin, 'redis-server'));
    expect(() => readFileSync(join(bin, 'calls'))).toThrow();
  });
});
