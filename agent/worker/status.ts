import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import type { ChildStatus } from './messages.ts';

/** Milliseconds between looks at the event loop. */
const RESOLUTION = 10;

interface FfiClientSlot {
  _ffiClientInstance?: { listenerCount(event: 'ffi_event'): number };
}

type Told = Pick<ChildStatus, 'holder' | 'registered' | 'calls' | 'full' | 'lag' | 'backlog' | 'unjournaled'>;

/** Tells how this child is, for its parent's health and metrics. */
export function statusTeller(): (now: Told) => ChildStatus {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION });
  delays.enable();
  return (now) => ({ ...now, ...measured(), pause: longestPause(delays) });
}

/** In milliseconds, since it was asked last. */
function longestPause(delays: IntervalHistogram): number {
  // Nothing was seen yet where it is zero; a look that was on time counts as the time between looks.
  const pause = Math.max(0, delays.max / 1e6 - RESOLUTION);
  delays.reset();
  return Math.round(pause);
}

function measured(): Omit<ChildStatus, keyof Told | 'pause'> {
  const { rss, heapUsed } = process.memoryUsage();
  return {
    kind: 'status',
    rss,
    heapUsed,
    ffiListeners: (globalThis as FfiClientSlot)._ffiClientInstance?.listenerCount('ffi_event') ?? 0,
    timers: process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length,
  };
}
