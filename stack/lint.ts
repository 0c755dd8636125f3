import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import type { Config } from '../config.ts';
import { auditOf } from './audit.ts';
import { run as runCommand } from './command.ts';
import { since } from './progress.ts';
import { runMain } from './run-main.ts';

/** What `npm run lint` checks, the slowest first: two run at a time. */
const CHECKS: readonly {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}[] = [
  { name: 'style (eslint)', program: 'eslint', args: ['.', '--max-warnings', '0'] },
  { name: 'types (tsc)', program: 'tsc', args: ['--noEmit'] },
  { name: 'layout (prettier)', program: 'prettier', args: ['--check', '--log-level', 'warn', '.'] },
  {
    name: 'import rules (dependency-cruiser)',
    program: 'depcruise',
    args: ['--config', '.dependency-cruiser.cjs', '--output-type', 'err-long', '.'],
  },
  { name: 'unused code (knip)', program: 'knip', args: ['--no-progress'] },
];

/** The lint of `stack/bootstrap.mjs lint`. */
export function run(args: readonly string[]): Promise<number> {
  return runMain((config, signal) => lint(config, args, signal));
}

async function lint(config: Config, only: readonly string[], signal: AbortSignal): Promise<number> {
  const waiting = CHECKS.filter(({ program }) => only.length === 0 || only.includes(program));
  let failed = 0;
  const work = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      const startedAt = systemClock.now();
      const lines: string[] = [];
      const outcome = await runCommand(join(config.root, 'node_modules', '.bin', check.program), check.args, {
        cwd: config.root,
        env: { ...config.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
        signal,
        onLine: (line) => lines.push(line),
      });
      const ok = outcome.code === 0;
      if (!ok) failed++;
      process.stdout.write(`${ok ? 'ok  ' : 'FAIL'}  ${check.name} (${since(startedAt)})\n`);
      if (!ok) process.stdout.write(lines.map((line) => `      ${line}\n`).join(''));
    }
  };
  await Promise.all([work(), work()]);
  if ((only.length === 0 || only.includes('audit')) && !(await audit(config, signal))) failed++;
  if (failed > 0) process.stdout.write(`lint: ${failed} of ${CHECKS.length + 1} failed\n`);
  return failed > 0 ? 1 : 0;
}

/**
 * Known vulnerabilities of what is shipped. False where the registry names a grave one; where it does not answer, nobody knows, and that is
 * said: a machine without it must not fail for what it cannot see.
 */
async function audit({ root, env }: Config, signal: AbortSignal): Promise<boolean> {
  const lines: string[] = [];
  const args = ['audit', '--omit=dev', '--json'];
  await runCommand('npm', args, { cwd: root, env, signal, onLine: (line) => lines.push(line) }).catch(
    (error: unknown) => {
      signal.throwIfAborted();
      lines.push(String(error));
    },
  );
  const found = auditOf(lines.join('\n'));
  const name = 'known vulnerabilities (npm audit)';
  switch (found.kind) {
    case 'clean':
      process.stdout.write(`ok    ${name}\n`);
      return true;
    case 'not asked':
      process.stdout.write(`?     ${name}: not asked, the registry does not answer such questions here\n`);
      return true;
    case 'vulnerable':
      process.stdout.write(`FAIL  ${name}\n${found.lines.map((line) => `      ${line}\n`).join('')}`);
      return false;
    default:
      return found satisfies never;
  }
}
