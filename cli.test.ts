import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const attendant = (args: string[], env: Record<string, string> = {}) =>
  spawnSync(process.execPath, [join(import.meta.dirname, 'bin', 'attendant.mjs'), ...args], {
    encoding: 'utf8',
    cwd: tmpdir(),
    env,
  });

describe('attendant', () => {
  it.each(['start', 'worker', 'api', 'speech', 'provision', 'rehearse', 'check', 'doctor', 'thread', 'key'])(
    'explains %s',
    (command) => {
      const { status, stdout } = attendant([command, '--help']);
      expect(stdout).toContain(`Usage: attendant ${command}`);
      expect(status).toBe(0);
    },
  );

  it('prints an error with its code and its mend, and exits with 1', () => {
    const { status, stderr } = attendant(['worker'], { SIP_PORT: 'no port' });
    expect(stderr).toMatch(/^E_CONFIG: SIP_PORT: .*\n {2}\S.*\n$/);
    expect(status).toBe(1);
  });

  it('says which commands there are where one does not exist', () => {
    const { status, stderr } = attendant(['answer']);
    expect(stderr).toMatch(/unknown command 'answer'[^]*Commands:[^]*doctor/);
    expect(status).toBe(1);
  });
});
