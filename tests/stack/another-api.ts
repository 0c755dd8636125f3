import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { freePort } from '../../base/free-port.fixture.ts';
import { answersOk } from '../../stack/facts.ts';
import { until } from '../until.ts';
import type { OwnStack } from './own-stack.ts';

/** One more process of `attendant api` beside that of the stack, on a port of its own; there when it is ready. */
export async function anotherApi(
  { config }: OwnStack,
  signal: AbortSignal,
): Promise<{ readonly url: string; kill(): void }> {
  const port = await freePort();
  const args = ['--import', 'tsx', join(config.root, 'cli.ts'), 'api'];
  const env = { ...config.env, ATTENDANT_HOME: config.home, ATTENDANT_API_PORT: String(port) };
  const second = spawn(process.execPath, args, { cwd: config.root, env, stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await until('the second API is ready', () => answersOk(`${url}/readyz`, signal));
  return { url, kill: () => void second.kill('SIGKILL') };
}
