import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../../base/clock.ts';
import type { Config } from '../../config.ts';
import { ownPlace, type Place } from '../stack/own-stack.ts';

/** `attendant …` run as a user runs it, on ports and in a home of its own. */
export interface Run {
  readonly config: Config;
  readonly pid: number;
  /** Everything printed so far, stdout and stderr. */
  output(): string;
  /** Resolves with the first line of output that matches. Rejects when the process ends without one. */
  line(wanted: RegExp): Promise<string>;
  /** Resolves with the exit code, null where a signal ended it. */
  readonly exited: Promise<number | null>;
  signal(name: NodeJS.Signals): void;
  /** Programs that run in its name: itself and whatever it started. */
  left(): string[];
  /** Resolves when none is left. */
  nothingLeft(): Promise<void>;
  /** Ends what may still run and removes its home. */
  cleanUp(): Promise<void>;
}

export async function attendant(
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Run> {
  return attendantIn(await ownPlace(more), args);
}

/** The same in a place of the test's own, and started in its home. */
export function attendantIn(place: Place, args: readonly string[]): Run {
  const { config } = place;
  const child = spawn(process.execPath, [join(config.root, 'bin', 'attendant.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: place.env,
    cwd: config.home,
    // A group of its own: as in a terminal, so that a signal to it does not reach the tests.
    detached: true,
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      for (const look of waiting) look();
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const left = () => programsIn(config.home);
  const nothingLeft = async () => {
    while (left().length > 0) await systemClock.sleep(50);
  };
  return {
    config,
    pid: child.pid ?? 0,
    output: () => lines.join('\n'),
    line: (wanted) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find((line) => wanted.test(line));
          if (found !== undefined) {
            waiting.delete(look);
            resolve(found);
          }
        };
        waiting.add(look);
        look();
        void exited.then(() =>
          reject(new Error(`it ended without the line ${String(wanted)}:\n${lines.join('\n')}`)),
        );
      }),
    exited,
    signal: (name) => child.kill(name),
    left,
    nothingLeft,
    cleanUp: async () => {
      child.kill('SIGKILL');
      await exited;
      await nothingLeft();
      place.remove();
    },
  };
}

/** The command lines of living processes that belong to the home: all that an `attendant start` there started. */
function programsIn(home: string): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && belongsTo(home, entry))
    .map((pid) => `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()}`);
}

/** By its environment, or by the folder it works in: Redis writes its title over its environment. */
function belongsTo(home: string, pid: string): boolean {
  const marks = [`ATTENDANT_HOME=${home}`, `ATTENDANT_STACK=${home}`];
  if (
    read(`/proc/${pid}/environ`)
      .split('\0')
      .some((pair) => marks.includes(pair))
  )
    return true;
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(home);
  } catch {
    return false;
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
