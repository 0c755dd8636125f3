import { spawn } from 'node:child_process';
import { AttendantError } from '../base/errors.ts';

/** Bytes kept of what a program says of its own failure. */
const MOST_COMPLAINT = 2_000;

/**
 * Runs a program to its end, without a shell. It is killed when the signal aborts or the time is over, and has ended when this settles.
 *
 * @throws AttendantError E_TOOL_MISSING, E_TIMEOUT, E_SPEECH_FAILED; the signal's reason when that aborted.
 */
export async function runProgram(options: {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Milliseconds. */
  readonly limit: number;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { command, args, cwd, limit, signal } = options;
  signal.throwIfAborted();
  const overdue = AbortSignal.timeout(limit);
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  const either = AbortSignal.any([signal, overdue]);
  either.addEventListener('abort', kill, { once: true });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-MOST_COMPLAINT);
  });
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (signal.aborted) throw signal.reason;
    if (overdue.aborted) throw new AttendantError('E_TIMEOUT', `${command} took longer than ${limit} ms`);
    if (status !== 0)
      throw new AttendantError(
        'E_SPEECH_FAILED',
        `${command} failed (${status ?? 'killed'}): ${complaint.trim()}`,
      );
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT')
      throw new AttendantError(
        'E_TOOL_MISSING',
        `${command} is not installed: apt-get install ${PACKAGES[command] ?? command}`,
      );
    throw thrown;
  } finally {
    either.removeEventListener('abort', kill);
  }
}

/** Debian's packages of the programs run here. */
const PACKAGES: Readonly<Record<string, string>> = {
  flite: 'flite',
  pocketsphinx_batch: 'pocketsphinx pocketsphinx-en-us',
};
