import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import { Process, type ProcessOptions } from './process.ts';
import { Reaper } from './reaper.ts';

const never = new AbortController().signal;
let folder: string;
let reaper: Reaper;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'attendant-process-'));
  reaper = new Reaper();
});
afterEach(() => {
  reaper.close();
  rmSync(folder, { recursive: true, force: true });
});

const shell = (script: string, more: Partial<ProcessOptions> = {}): ProcessOptions => ({
  name: 'a server',
  command: '/bin/sh',
  args: ['-c', script],
  env: { PATH: '/usr/bin:/bin' },
  log: join(folder, 'server.log'),
  reaper,
  ready: { line: /^ready/ },
  ...more,
});

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has waited for yet is no living process.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

const until = async (fact: () => boolean): Promise<void> => {
  while (!fact()) await systemClock.sleep(20);
};

describe('Process', () => {
  it('is ready at its line, and its output is in the log', async () => {
    const server = await Process.start(
      shell('echo starting; echo ready now; echo oops >&2; sleep 60'),
      never,
    );
    await until(() => server.lastLines.includes('oops'));
    await server.stop();
    expect(readFileSync(join(folder, 'server.log'), 'utf8').split('\n').sort()).toEqual([
      '',
      'oops',
      'ready now',
      'starting',
    ]);
  });

  it('is ready when a fact holds', async () => {
    let asked = 0;
    const fact = () => Promise.resolve(++asked > 2);
    const server = await Process.start(shell('sleep 60', { ready: { fact } }), never);
    expect(asked).toBe(3);
    expect(server.running).toBe(true);
    await server.stop();
    expect(server.running).toBe(false);
  });

  it('that ends before it is ready is an error with its name and last lines', async () => {
    const error: unknown = await Process.start(shell('echo no such option >&2; exit 3'), never).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(AttendantError);
    expect(error).toMatchObject({ code: 'E_SERVER_DIED' });
    expect((error as Error).message).toMatch(/^a server ended with exit code 3.*\n {2}no such option\n/);
  });

  it('that is never ready is an error, and is ended', async () => {
    const error: unknown = await Process.start(shell('echo $$; sleep 60', { readyWithin: 200 }), never).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code: 'E_TIMEOUT' });
    expect(alive(Number(/(\d+)$/.exec((error as Error).message)?.[1]))).toBe(false);
  });

  it('whose program is missing is an error that names it', async () => {
    const start = Process.start(shell('', { command: '/no/such/program' }), never);
    await expect(start).rejects.toMatchObject({
      code: 'E_TOOL_MISSING',
      message: 'a server: cannot run /no/such/program',
    });
  });

  it('is ended when its start is broken off', async () => {
    const stop = new AbortController();
    const pids: number[] = [];
    const fact = () => {
      stop.abort(new Error('broken off'));
      return Promise.resolve(false);
    };
    const log = join(folder, 'server.log');
    await expect(
      Process.start(shell('echo $$; exec sleep 60', { ready: { fact } }), stop.signal),
    ).rejects.toThrow('broken off');
    for (const line of readFileSync(log, 'utf8').split('\n')) if (line) pids.push(Number(line));
    for (const pid of pids) expect(alive(pid)).toBe(false);
  });

  it('that does not listen to SIGTERM is killed, with its children', async () => {
    const server = await Process.start(
      shell("trap '' TERM; sleep 60 & echo $!; echo ready; while :; do sleep 1; done"),
      never,
    );
    const child = Number(server.lastLines[0]);
    expect(await server.stop(100)).toEqual({ code: null, signal: 'SIGKILL' });
    await until(() => !alive(child));
  });

  it('leaves no child behind when it alone is killed', async () => {
    const server = await Process.start(shell('sleep 60 & echo $!; echo ready; wait'), never);
    const child = Number(server.lastLines[0]);
    process.kill(server.pid, 'SIGKILL');
    await server.exited;
    await until(() => !alive(child));
  });
});

describe('Reaper', () => {
  it('ends what a killed parent leaves behind, with its children, and nothing that had been forgotten', async () => {
    const script = `
      import { spawn } from 'node:child_process';
      import { Reaper } from ${JSON.stringify(join(import.meta.dirname, 'reaper.ts'))};
      const reaper = new Reaper();
      const group = () => spawn('/bin/sh', ['-c', 'sleep 60 & wait'], { detached: true, stdio: 'ignore' }).pid;
      const pids = [group(), group(), group()];
      for (const pid of pids) reaper.watch(pid);
      reaper.forget(pids[1]);
      console.log(pids.join(' '));
      setInterval(() => {}, 1000);
    `;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = await new Promise<string>((resolve) =>
      parent.stdout.once('data', (d: Buffer) => resolve(d.toString())),
    );
    const [first = 0, forgotten = 0, last = 0] = line.split(' ').map(Number);
    parent.kill('SIGKILL');
    await until(() => !alive(first) && !alive(last));
    expect(alive(forgotten)).toBe(true);
    process.kill(-forgotten, 'SIGKILL');
  });
});
