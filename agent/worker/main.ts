import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { systemClock } from '../../base/clock.ts';
import { createLog } from '../../base/log.ts';
import { guardProcess } from '../../base/uncaught.ts';
import type { Config } from '../../config.ts';
import { openThreads } from '../../threads/store.ts';
import type { Workers } from '../../threads/workers.ts';
import { Children } from './children.ts';
import { serveHealth } from './health.ts';

/** Milliseconds that word of this worker holds without being renewed. */
const PRESENCE = 6_000;

/**
 * `attendant worker`: one child per core, each hosting many calls; children that end are replaced. Resolves when the signal
 * has aborted and every call has ended or is with another worker, or `config.drainTime` ms later with the rest ended by us.
 *
 * @throws AttendantError E_PORT_IN_USE when the health port is taken.
 */
export async function main(config: Config, signal: AbortSignal): Promise<void> {
  const log = createLog('worker', config.logLevel);
  // Its calls go on, by other workers.
  guardProcess(log, () => process.exit(1));
  const ended = new AbortController();
  const closing = new AbortController();
  const threads = openThreads({ redisUrl: config.redisUrl, clock: systemClock, log, signal: closing.signal });
  const leases = threads.leases('');
  const children = new Children({
    count: config.children ?? availableParallelism(),
    env: config.env,
    // Its calls need not wait for their leases to expire. Where Redis is away they do.
    onGone: (holder) => void leases.lapse(holder).catch(() => undefined),
    clock: systemClock,
    log,
  });
  const closeHealth = await serveHealth(config.ports.worker, children);
  const announcement = announce(threads.workers, children, ended.signal);
  try {
    const running = children.run(ended.signal);
    children.firstRegistered.then(
      () =>
        console.log(
          `ready: worker with ${children.size} children, health on http://127.0.0.1:${config.ports.worker}`,
        ),
      () => undefined,
    );
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const { handOverAfter, drainTime } = config;
    log.info({ calls: children.calls, handOverAfter, drainTime }, 'draining: no new calls');
    await children.drain({ handOverAfter, endAfter: drainTime }, () => areOthers(threads.workers));
    ended.abort();
    await running;
  } finally {
    ended.abort();
    await Promise.allSettled([announcement, closeHealth()]);
    await leases.close();
    await threads.close();
  }
}

/**
 * Tells the API and other workers through Redis, again and again until the signal aborts, that a worker is here and takes calls, and whether it has a
 * place for one; and its children, whether others have.
 */
async function announce(workers: Workers, children: Children, signal: AbortSignal): Promise<void> {
  const name = randomUUID();
  let changed = new AbortController();
  children.onRoom = () => changed.abort(new Error('a place is free, or none any more'));
  while (!signal.aborted) {
    changed = new AbortController();
    // Away: the connection has said so in the log, and the next round tries again. Nobody knows of others then.
    const { hasRoom, takesCalls } = children;
    if (!takesCalls) await workers.leave(name).catch(() => undefined);
    const beat = takesCalls ? workers.beat(name, PRESENCE, { hasRoom }) : undefined;
    children.roomInOthers = (await beat?.catch(() => undefined))?.roomInOthers ?? false;
    const either = AbortSignal.any([signal, changed.signal]);
    await systemClock.sleep(PRESENCE / 4, either).catch(() => undefined);
  }
  await workers.leave(name).catch(() => undefined);
}

/** Whether another worker takes calls; this one says of itself no more that it does. */
async function areOthers(workers: Workers): Promise<boolean> {
  return (await workers.count().catch(() => 0)) > 0;
}
