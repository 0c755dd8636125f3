import { readFileSync } from 'node:fs';

/** A process, told apart from a later one that was given the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The machine's boot and the process's start in it; empty where the system does not tell (no /proc). */
  readonly started: string;
}

/** This process. */
export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, started: startOf(process.pid) ?? '' };
}

/** Whether that very process still runs on this machine. A process that ended but was not waited for yet (zombie) does not. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.started !== '') return startOf(identity.pid) === identity.started;
  try {
    process.kill(identity.pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** proc(5): field 3 of /proc/<pid>/stat is the state, field 22 the start in clock ticks since boot; field 2 may hold spaces. */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${boot}:${fields[19] ?? ''}`;
  } catch {
    return undefined;
  }
}
