import { readdir, readFile } from 'node:fs/promises';

/** What a worker takes of the machine, all its processes together, from /proc (proc_pid_stat(5), proc_pid_smaps_rollup(5)). Linux only. */

/** Milliseconds of a clock tick: USER_HZ is 100 on every Linux. */
const TICK_MS = 10;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** Milliseconds of processor that it and its ended children have taken. */
  readonly processor: number;
}

/** The process and all that it started, and they started. */
export async function family(pid: number): Promise<number[]> {
  return (await familyStats(pid)).map((stat) => stat.pid);
}

/** Milliseconds of processor that the processes have taken since they began, with what they started: also of those that are over. */
export async function processorTime(pid: number): Promise<number> {
  return (await familyStats(pid)).reduce((sum, { processor }) => sum + processor, 0);
}

/**
 * Bytes of memory: proportional set size, in which pages that several processes share count once, spread over them. A process that ends meanwhile
 * counts as none.
 */
export async function memory(pid: number): Promise<number> {
  let kilobytes = 0;
  for (const one of await family(pid)) {
    const text = await readFile(`/proc/${one}/smaps_rollup`, 'utf8').catch(() => '');
    kilobytes += Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0);
  }
  return kilobytes * 1024;
}

async function familyStats(pid: number): Promise<Stat[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(names.map((name) => statOf(Number(name))));
  const stats = all.filter((stat) => stat !== undefined);
  const found = stats.filter((stat) => stat.pid === pid);
  for (let i = 0; i < found.length; i++) found.push(...stats.filter((stat) => stat.parent === found[i]?.pid));
  return found;
}

async function statOf(pid: number): Promise<Stat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // The name in parentheses may hold anything; behind it the fields are plain, beginning with the third.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (n: number) => Number(fields[n - 3] ?? 0);
  if (fields.length < 20) return undefined;
  const [UTIME, STIME, CUTIME, CSTIME] = [14, 15, 16, 17];
  const ticks = [UTIME, STIME, CUTIME, CSTIME].reduce((sum, n) => sum + field(n), 0);
  return { pid, parent: field(4), processor: ticks * TICK_MS };
}
