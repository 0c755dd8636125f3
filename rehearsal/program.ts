import { spawn, type ChildProcess } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AttendantError } from '../base/errors.ts';
import { systemClock } from '../base/clock.ts';
import { Reaper } from '../stack/reaper.ts';

/** How much of a program's output is kept, for the message when it fails. */
const KEPT_OUTPUT = 64 * 1024;
/** A program that has not ended this long after SIGTERM gets SIGKILL. */
const GRACE = 2_000;

/** Debian's package of each program that rehearsals run, for the message when it is missing. */
const PACKAGES: Readonly<Record<string, string>> = {
  baresip: 'baresip-core',
  kamailio: 'kamailio',
  sipp: 'sip-tester',
  flite: 'flite',
  pocketsphinx_continuous: 'pocketsphinx pocketsphinx-en-us',
};

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that a rehearsal runs, in a process group of its own. */
export interface Program {
  readonly pid: number;
  /** Resolves when it has ended, however it ended. */
  readonly exited: Promise<Exit>;
  readonly running: boolean;
  /** The last 64 KB of stdout and stderr. */
  output(): string;
  /** Ends it and everything it started: SIGTERM, after 2 s SIGKILL. Resolves when it is gone. */
  stop(): Promise<void>;
}

/** Ends what runs when this process is gone, even killed: no softphone outlives its rehearsal. It runs only while something does. */
let reaper: Reaper | undefined;
const groups = new Set<number>();

function watchGroup(pid: number): void {
  reaper ??= new Reaper();
  reaper.watch(pid);
  groups.add(pid);
}

function forgetGroup(pid: number): void {
  reaper?.forget(pid);
  groups.delete(pid);
  if (groups.size > 0) return;
  reaper?.close();
  reaper = undefined;
}

/**
 * Starts a program; it is stopped when the signal aborts.
 *
 * @throws AttendantError E_TOOL_MISSING when it is not installed.
 */
export async function startProgram(options: {
  command: string;
  args: readonly string[];
  cwd: string;
  signal: AbortSignal;
}): Promise<Program> {
  const { command, args, cwd, signal } = options;
  signal.throwIfAborted();
  // A group of its own: what the program forks ends with it, and Ctrl-C in the terminal reaches only us, who say goodbye first.
  const child = spawn(programPath(command), args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const program = new RunningProgram(child);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => reject(missing(command, cause)));
  });
  program.watch();
  // Many programs may hang on one signal; each takes its listener off when it ends.
  setMaxListeners(0, signal);
  const onAbort = () => void program.stop();
  signal.addEventListener('abort', onAbort, { once: true });
  void program.exited.then(() => signal.removeEventListener('abort', onAbort));
  if (signal.aborted) {
    await program.stop();
    signal.throwIfAborted();
  }
  return program;
}

/**
 * Runs a program to its end and gives its output.
 *
 * @throws AttendantError E_TOOL_MISSING, or E_SERVER_DIED when it exits with another code than 0.
 */
export async function runProgram(options: {
  command: string;
  args: readonly string[];
  cwd: string;
  signal: AbortSignal;
}): Promise<string> {
  const program = await startProgram(options);
  const exit = await program.exited;
  options.signal.throwIfAborted();
  if (exit.code !== 0) {
    throw new AttendantError(
      'E_SERVER_DIED',
      `${options.command} ended with ${describeExit(exit)}: ${lastLines(program.output())}`,
    );
  }
  return program.output();
}

function describeExit(exit: Exit): string {
  return exit.signal ? `signal ${exit.signal}` : `code ${exit.code ?? 'none'}`;
}

export function lastLines(output: string, count = 6): string {
  return output.trim().split('\n').slice(-count).join('\n');
}

/** Debian puts servers where a user's PATH often does not look. */
function programPath(command: string): string {
  return (
    ['/usr/sbin', '/usr/local/sbin']
      .map((folder) => join(folder, command))
      .find((path) => existsSync(path)) ?? command
  );
}

function missing(command: string, cause: Error): AttendantError {
  const pkg = PACKAGES[command];
  const how = pkg ? `; on Debian: apt-get install ${pkg}` : '';
  return new AttendantError('E_TOOL_MISSING', `${command} cannot be started${how}`, { cause });
}

function endGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already, which is what was wanted.
  }
}

class RunningProgram implements Program {
  readonly exited: Promise<Exit>;
  #child: ChildProcess;
  #output = '';
  #running = true;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.exited = new Promise((resolve) => {
      // Not 'close': a forked grandchild may hold the pipes open after the program itself has ended.
      child.once('exit', (code, signal) => {
        this.#running = false;
        if (child.pid !== undefined) {
          endGroup(child.pid, 'SIGKILL');
          forgetGroup(child.pid);
        }
        setImmediate(() => resolve({ code, signal }));
      });
    });
    const keep = (chunk: string) => {
      this.#output = (this.#output + chunk).slice(-KEPT_OUTPUT);
    };
    child.stdout?.setEncoding('utf8').on('data', keep);
    child.stderr?.setEncoding('utf8').on('data', keep);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#running;
  }

  watch(): void {
    if (this.#running) watchGroup(this.pid);
  }

  output(): string {
    return this.#output;
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    endGroup(this.pid, 'SIGTERM');
    const cancel = systemClock.after(GRACE, () => endGroup(this.pid, 'SIGKILL'));
    await this.exited;
    cancel();
  }
}
