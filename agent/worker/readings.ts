import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Reading } from './strain.ts';

/** Milliseconds between looks at the event loop. */
const RESOLUTION = 10;
/** Of the looks, how many may be later than what is told. */
const PERCENTILE = 90;

/** Files of a container's control group: those of version 2, then of version 1 (https://docs.kernel.org/admin-guide/cgroup-v2.html#memory). */
const GROUPS = [
  { limit: 'memory.max', used: 'memory.current', stat: 'memory.stat', cache: 'inactive_file' },
  {
    limit: 'memory/memory.limit_in_bytes',
    used: 'memory/memory.usage_in_bytes',
    stat: 'memory/memory.stat',
    cache: 'total_inactive_file',
  },
] as const;

/** Looks at this process: each call tells how it was since the one before. */
export function readings(): () => Reading {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION });
  delays.enable();
  return () => {
    // A look that was on time counts as the time between looks; none at all leaves no number.
    const late = delays.count === 0 ? 0 : delays.percentile(PERCENTILE) / 1e6 - RESOLUTION;
    delays.reset();
    const { used_heap_size, heap_size_limit } = getHeapStatistics();
    return { lag: Math.max(0, late), ...memoryLeft(), heap: used_heap_size / heap_size_limit };
  };
}

/**
 * Bytes that can still be had, and all there are.
 *
 * @param root where the control group of this process is mounted; in a container that is its own.
 */
export function memoryLeft(
  root = '/sys/fs/cgroup',
  machine = ofMachine(),
): { readonly free: number; readonly memory: number } {
  for (const { limit, used, stat, cache } of GROUPS) {
    const most = numberIn(root, limit);
    const now = numberIn(root, used);
    // `max`, or the greatest number there is: the machine is the limit.
    if (most === undefined || now === undefined || most >= machine.memory) continue;
    // What files keep in memory is given back when it is wanted.
    const line = new RegExp(`^${cache} (\\d+)$`, 'm').exec(textOf(root, stat) ?? '');
    const inUse = Math.max(0, now - Number(line?.[1] ?? 0));
    return { free: Math.min(machine.free, Math.max(0, most - inUse)), memory: most };
  }
  return machine;
}

/** Elsewhere than on Linux what the system calls free leaves out what it would give back. */
function ofMachine(): { free: number; memory: number } {
  const memory = totalmem();
  return { free: process.platform === 'linux' ? freemem() : memory, memory };
}

function numberIn(root: string, file: string): number | undefined {
  const text = textOf(root, file)?.trim() ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function textOf(root: string, file: string): string | undefined {
  try {
    return readFileSync(`${root}/${file}`, 'utf8');
  } catch {
    return undefined; // Not on Linux, or no such version.
  }
}
