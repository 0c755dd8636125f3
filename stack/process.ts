import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { systemClock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import { LogFile } from './log-file.ts';
import type { Reaper } from './reaper.ts';

export interface ProcessOptions {
  /** As a person knows it, e.g. `livekit-server`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** File that its output is appended to. */
  readonly log: string;
  readonly reaper: Reaper;
  /** What makes it ready: a line on stdout, or a fact that is asked for until it holds. */
  readonly ready: { readonly line: RegExp } | { readonly fact: (signal: AbortSignal) => Promise<boolean> };
  /** Milliseconds until it must be ready. */
  readonly readyWithin?: number;
  /** First signal of an orderly end; SIGTERM unless said. */
  readonly stopSignal?: NodeJS.Signals;
  /** Milliseconds until an orderly end counts as none; 5 s unless said. */
  readonly stopWithin?: number;
  /** Sends that signal twice: the first one makes livekit-server wait for participants, the second one ends it. */
  readonly stopTwice?: boolean;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const KEPT_LINES = 30;
const ASK_EVERY_MS = 50;
const STOP_AGAIN_MS = 100;

/**
 * A server started by us, in a process group of its own so that its children end with it. Its output goes to a file, its last
 * lines are kept for the error that names it.
 */
export class Process {
  readonly name: string;
  readonly pid: number;
  /** Resolves when it has ended and its output is read. */
  readonly exited: Promise<Exit>;
  #options: ProcessOptions;
  #lines: string[] = [];
  #startedAt = systemClock.now();
  #exit: Exit | undefined;
  #readyLine: Promise<void>;

  private constructor(options: ProcessOptions, child: ChildProcess, pid: number) {
    this.name = options.name;
    this.pid = pid;
    this.#options = options;
    options.reaper.watch(pid);
    const log = new LogFile(options.log);
    this.#readyLine = new Promise((resolve) => {
      const wanted = 'line' in options.ready ? options.ready.line : undefined;
      this.#read(child.stdout, log, (line) => {
        if (wanted?.test(line)) resolve();
      });
    });
    this.#read(child.stderr, log);
    this.exited = new Promise((resolve) => {
      child.once('exit', () => {
        // What is left of its group must not outlive it (a worker's children, a shell's commands).
        this.signal('SIGKILL');
        options.reaper.forget(pid);
      });
      child.once('close', (code, signal) => {
        this.#exit = { code, signal };
        log.close();
        resolve(this.#exit);
      });
    });
  }

  /**
   * Starts it and resolves when it is ready.
   *
   * @throws AttendantError E_TOOL_MISSING where there is no such program, E_SERVER_DIED where it ends before it is ready, E_TIMEOUT;
   * the signal's reason when that aborts first. Nothing is left running then.
   */
  static async start(options: ProcessOptions, signal: AbortSignal): Promise<Process> {
    signal.throwIfAborted();
    const child = spawn(options.command, options.args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: options.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const pid = child.pid;
    if (pid === undefined) {
      const cause = await new Promise((resolve) => child.once('error', resolve));
      throw new AttendantError('E_TOOL_MISSING', `${options.name}: cannot run ${options.command}`, { cause });
    }
    const process = new Process(options, child, pid);
    try {
      await process.#becomeReady(signal);
    } catch (error) {
      await process.stop(0);
      throw error;
    }
    return process;
  }

  get running(): boolean {
    return this.#exit === undefined;
  }

  /** Its last lines of output, oldest first. */
  get lastLines(): readonly string[] {
    return this.#lines;
  }

  /** Sends a signal to its whole group. */
  signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // It has ended already.
    }
  }

  /** Asks it to end, and kills it where it has not after `limit` ms. */
  async stop(limit = this.#options.stopWithin ?? 5_000): Promise<Exit> {
    const { stopSignal = 'SIGTERM', stopTwice = false } = this.#options;
    this.signal(stopSignal);
    // A stopped process hears nothing until it goes on.
    this.signal('SIGCONT');
    if (stopTwice && !(await this.#endsWithin(STOP_AGAIN_MS))) this.signal(stopSignal);
    if (!(await this.#endsWithin(limit))) this.signal('SIGKILL');
    return await this.exited;
  }

  /** The error that says how it ended. */
  died(): AttendantError {
    const how = this.#exit?.signal
      ? `by ${this.#exit.signal}`
      : `with exit code ${this.#exit?.code ?? 'unknown'}`;
    const seconds = Math.round((systemClock.now() - this.#startedAt) / 1_000);
    const last = this.#lines.slice(-10).map((line) => `  ${line}`);
    return new AttendantError(
      'E_SERVER_DIED',
      [
        `${this.name} ended ${how}, ${seconds} s after its start. Its last lines:`,
        ...last,
        `Its log: ${this.#options.log}`,
      ].join('\n'),
    );
  }

  async #becomeReady(signal: AbortSignal): Promise<void> {
    const within = this.#options.readyWithin ?? 60_000;
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const { ready } = this.#options;
    try {
      const outcome = await Promise.race([
        'line' in ready ? this.#readyLine : holds(ready.fact, either),
        this.exited.then(() => 'died' as const),
        systemClock.sleep(within, either).then(() => 'late' as const),
      ]);
      if (outcome === 'died') throw this.died();
      if (outcome === 'late') {
        const last = this.#lines.slice(-10).map((line) => `\n  ${line}`);
        throw new AttendantError(
          'E_TIMEOUT',
          `${this.name} was not ready within ${within / 1_000} s. Its last lines:${last.join('')}`,
        );
      }
    } finally {
      over.abort();
    }
  }

  #read(stream: NodeJS.ReadableStream | null, log: LogFile, seen?: (line: string) => void): void {
    if (!stream) return;
    createInterface({ input: stream }).on('line', (line) => {
      log.write(line);
      this.#lines.push(line.slice(0, 2_000));
      if (this.#lines.length > KEPT_LINES) this.#lines.shift();
      seen?.(line);
    });
  }

  async #endsWithin(ms: number): Promise<boolean> {
    const over = new AbortController();
    await Promise.race([this.exited, systemClock.sleep(ms, over.signal).catch(() => undefined)]);
    over.abort();
    return this.#exit !== undefined;
  }
}

async function holds(fact: (signal: AbortSignal) => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!(await fact(signal).catch(() => false))) await systemClock.sleep(ASK_EVERY_MS, signal);
}
