import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface CommandOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly cwd?: string;
  /** Called for each line of stdout and stderr as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface CommandOutcome {
  readonly code: number | null;
  /** The last lines of stdout and stderr, oldest first. */
  readonly lastLines: readonly string[];
}

/** How long a command that is told to end may take to do so. */
const END_WITHIN_MS = 5_000;

/**
 * Runs a command to its end, reading what it says line by line. Ends it, with all that it started, when the signal aborts, and
 * rejects with the signal's reason then.
 */
export function run(
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandOutcome> {
  options.signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: options.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const lastLines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lastLines.push(line);
        if (lastLines.length > 30) lastLines.shift();
        options.onLine?.(line);
      });
    }
    const tell = (signal: NodeJS.Signals) => {
      try {
        process.kill(-(child.pid ?? 0), signal);
      } catch {
        // It has ended already.
      }
    };
    let killer: NodeJS.Timeout | undefined;
    const end = () => {
      tell('SIGTERM');
      killer = setTimeout(() => tell('SIGKILL'), END_WITHIN_MS);
    };
    options.signal.addEventListener('abort', end, { once: true });
    const over = () => {
      clearTimeout(killer);
      options.signal.removeEventListener('abort', end);
    };
    child.once('error', (error) => {
      over();
      reject(error);
    });
    child.once('close', (code) => {
      over();
      if (options.signal.aborted) reject(options.signal.reason as Error);
      else resolve({ code, lastLines });
    });
  });
}
