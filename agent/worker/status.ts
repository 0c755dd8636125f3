import type { FromChild } from './messages.ts';

interface FfiClientSlot {
  _ffiClientInstance?: { listenerCount(event: 'ffi_event'): number };
}

/** How this child is, for its parent's health and metrics. */
export function statusOf(
  registered: boolean,
  calls: number,
  modelFailures: FromChild['modelFailures'],
): FromChild {
  const { rss, heapUsed } = process.memoryUsage();
  return {
    kind: 'status',
    registered,
    calls,
    rss,
    heapUsed,
    ffiListeners: (globalThis as FfiClientSlot)._ffiClientInstance?.listenerCount('ffi_event') ?? 0,
    modelFailures,
    timers: process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length,
  };
}
