import { availableParallelism } from 'node:os';
import { systemClock } from '../../base/clock.ts';
import { createLog } from '../../base/log.ts';
import type { Config } from '../../config.ts';
import { announceWorker } from '../../threads/announce.ts';
import { Children } from './children.ts';
import { serveHealth } from './health.ts';

/**
 * `attendant worker`: one child per core, each hosting many calls; children that end are replaced. Resolves when the signal
 * has aborted and every call has ended, or `config.drainTime` ms later with the rest ended by us.
 *
 * @throws AttendantError E_PORT_IN_USE when the health port is taken.
 */
export async function main(config: Config, signal: AbortSignal): Promise<void> {
  const log = createLog('worker', config.logLevel);
  const ended = new AbortController();
  const children = new Children({
    count: config.children ?? availableParallelism(),
    clock: systemClock,
    log,
  });
  const closeHealth = await serveHealth(config.ports.worker, children);
  const announcement = announceWorker({
    redisUrl: config.redisUrl,
    registered: () => children.registered > 0,
    clock: systemClock,
    log,
    signal: ended.signal,
  });
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
    log.info({ calls: children.calls, drainTime: config.drainTime }, 'draining: no new calls');
    await children.drain(config.drainTime);
    ended.abort();
    await running;
  } finally {
    ended.abort();
    await Promise.allSettled([announcement, closeHealth()]);
  }
}
