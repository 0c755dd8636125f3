import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { terminalProgress } from './progress.ts';
import { runMain } from './run-main.ts';
import { setUp } from './setup.ts';

interface Tested {
  readonly status: string;
  readonly fullName: string;
  /** Of a test that passed: why it did not at first. */
  readonly failureMessages: readonly string[];
}

/** The part of vitest's JSON report that is read (https://vitest.dev/guide/reporters#json-reporter). */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly Tested[];
  }[];
}

/** Characters of a failure that is told: the last ones say what went wrong. */
const MOST_WORDS = 1_500;

/** The tests of `stack/bootstrap.mjs test`; arguments go to vitest. The last line printed is `N passed, N failed`. */
export function run(args: readonly string[]): Promise<number> {
  return runMain((config, signal) => test(config, args, signal));
}

async function test(config: Config, args: readonly string[], signal: AbortSignal): Promise<number> {
  await setUp(config, ['speech', 'rehearsal', 'tests'], terminalProgress(), signal);
  const folder = join(config.root, '.attendant');
  const file = join(folder, `tests-${process.pid}.json`);
  mkdirSync(folder, { recursive: true });
  try {
    const code = await vitest(config, file, args, signal);
    const report = read(file);
    for (const line of secondTries(report)) process.stdout.write(`${line}\n`);
    const { passed, failed } = count(report, code);
    process.stdout.write(`${passed} passed, ${failed} failed\n`);
    return code === 0 && failed === 0 && passed > 0 ? 0 : 1;
  } finally {
    rmSync(file, { force: true });
  }
}

function vitest(config: Config, file: string, args: readonly string[], signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [
        join(config.root, 'node_modules', 'vitest', 'vitest.mjs'),
        ...['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
        ...args,
      ],
      { cwd: config.root, stdio: 'inherit', env: config.env },
    );
    // Vitest ends its workers and the stack of the tests when it is told to end; Ctrl-C reaches it by itself.
    const end = () => child.kill('SIGTERM');
    signal.addEventListener('abort', end, { once: true });
    child.once('error', reject);
    child.once('exit', (code) => {
      signal.removeEventListener('abort', end);
      resolve(code ?? 1);
    });
  });
}

function read(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}

/** The tests that passed at a second try (vitest.config.ts), with what went wrong at the first. */
function secondTries(report: Report | undefined): string[] {
  const tested = report?.testResults.flatMap(({ assertionResults }) => assertionResults) ?? [];
  return tested
    .filter(({ status, failureMessages }) => status === 'passed' && failureMessages.length > 0)
    .map(
      ({ fullName, failureMessages }) =>
        `passed at a second try: ${fullName}: ${wordsOf(failureMessages[0] ?? '')}`,
    );
}

/** What a failure says, without where it was thrown. */
function wordsOf(failure: string): string {
  return (
    failure
      .split(/\n\s+at /)[0]
      ?.trim()
      .slice(-MOST_WORDS) ?? ''
  );
}

/** A file that fails outside its tests counts as one failed; so does a failing run that no test answers for, and one without a report. */
function count(report: Report | undefined, code: number): { passed: number; failed: number } {
  if (!report) return { passed: 0, failed: 1 };
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((one) => one.status === 'failed'),
  );
  const failed = report.numFailedTests + broken.length;
  return { passed: report.numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed };
}
