import { readFileSync } from 'node:fs';
import type { Config } from '../config.ts';
import { systemClock } from '../base/clock.ts';
import type { AttendantError } from '../base/errors.ts';
import { AFTER, END_IN_ORDER, PARTS, type Part } from './part.ts';
import { logFileOf, partProcess } from './part-process.ts';
import { portsOf, type Ports } from './ports.ts';
import { Process } from './process.ts';
import { since, type Progress } from './progress.ts';
import { Reaper } from './reaper.ts';
import type { Programs } from './setup.ts';
import { partsToStart } from './what-is-there.ts';

export interface StackOptions {
  /** Its ports, home and environment decide everything: see `claimPorts` for a config of a stack on ports of its own. */
  readonly config: Config;
  readonly programs: Programs;
  readonly progress: Progress;
  /** Which parts to start; all unless said. What is there already (Redis, LiveKit) is used. */
  readonly parts?: readonly Part[];
}

/** Servers running on this machine, all of them ended by `stop`, or with this process however it ends. */
export interface Stack {
  readonly config: Config;
  readonly ports: Ports;
  /** Parts that are processes of ours. */
  readonly started: readonly Part[];
  /** Resolves with E_SERVER_DIED when a part ends that nobody told to. */
  readonly died: Promise<AttendantError>;
  pidOf(part: Part): number;
  /** What the part has printed so far, this start and earlier ones. */
  logOf(part: Part): string;
  /** Sends a signal to all processes of the part, and does not wait (SIGSTOP, SIGCONT). */
  signal(part: Part, signal: NodeJS.Signals): void;
  /** Ends all processes of the part with that signal (SIGKILL unless said), and resolves when they have ended. */
  kill(part: Part, signal?: NodeJS.Signals): Promise<void>;
  /** Starts the part again, ending it first where it runs, and resolves when it is ready. */
  restart(part: Part): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the servers, each as soon as what it needs is ready.
 *
 * @throws AttendantError E_PORT_IN_USE, E_SERVER_DIED, E_TIMEOUT …, or the signal's reason; nothing is left running then.
 */
export async function startStack(options: StackOptions, signal: AbortSignal): Promise<Stack> {
  const { config, programs, progress } = options;
  const parts = await partsToStart(config, options.parts ?? PARTS, progress, signal);
  const reaper = new Reaper();
  const running = new Map<Part, Process>();
  const expected = new WeakSet<Process>();
  let reportDeath: (error: AttendantError) => void = () => undefined;
  const died = new Promise<AttendantError>((resolve) => (reportDeath = resolve));

  const start = async (part: Part, within: AbortSignal) => {
    const process = await Process.start(partProcess(part, config, programs, reaper), within);
    running.set(part, process);
    void process.exited.then(() => {
      if (!expected.has(process)) reportDeath(process.died());
    });
  };
  const end = async (part: Part) => {
    const process = running.get(part);
    if (!process) return;
    expected.add(process);
    await process.stop();
  };
  const processOf = (part: Part): Process => {
    const process = running.get(part);
    if (!process) throw new Error(`${part} was not started by this stack`);
    return process;
  };
  const stop = async () => {
    for (const together of END_IN_ORDER) await Promise.all(together.map(end));
    reaper.close();
  };

  try {
    await startInOrder(parts, progress, signal, start);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    config,
    ports: portsOf(config),
    started: parts,
    died,
    pidOf: (part) => processOf(part).pid,
    logOf: (part) => readFileSync(logFileOf(part, config), 'utf8'),
    signal: (part, name) => processOf(part).signal(name),
    kill: async (part, name = 'SIGKILL') => {
      const process = processOf(part);
      expected.add(process);
      process.signal(name);
      await process.exited;
    },
    restart: async (part) => {
      await end(part);
      await start(part, signal);
    },
    stop,
  };
}

/** Starts each part when those it comes after are ready; the first failure ends the wait of all others. */
async function startInOrder(
  parts: readonly Part[],
  progress: Progress,
  signal: AbortSignal,
  start: (part: Part, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const startedAt = systemClock.now();
  const ready = new Map<Part, Promise<void>>();
  for (const part of PARTS) {
    if (!parts.includes(part)) continue;
    const before = AFTER[part].flatMap((earlier) => ready.get(earlier) ?? []);
    const begun = Promise.all(before).then(async () => {
      await start(part, either);
      progress.line(`  ${part} is up (${since(startedAt)})`);
    });
    ready.set(
      part,
      begun.catch((error: unknown) => {
        failed.abort(error);
        throw error;
      }),
    );
  }
  await Promise.allSettled([...ready.values()]);
  either.throwIfAborted();
}
