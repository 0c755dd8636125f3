import type { TestProject } from 'vitest/node';
import { terminalProgress } from '../../stack/progress.ts';
import { answersOk } from '../../stack/facts.ts';
import { systemClock } from '../../base/clock.ts';
import { ownStack } from './own-stack.ts';

/** Starts the stack that the tests share, and ends it after them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await ownStack({ progress: terminalProgress() });
  void stack.died.then((error) => process.stderr.write(`${error.code}: ${error.message}\n`));
  const signal = AbortSignal.timeout(120_000);
  while (!(await answersOk(`http://127.0.0.1:${stack.ports.api}/readyz`, signal)))
    await systemClock.sleep(100, signal);
  const env = Object.entries(stack.config.env).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  project.provide('stack', Object.fromEntries(env));
  return () => stack.stop();
}
