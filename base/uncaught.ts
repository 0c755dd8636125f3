import { framesOf } from './errors.ts';
import type { Log } from './log.ts';

/**
 * Says in the log where something was thrown that nobody caught, and not its words: Node would print them, and they may quote what was
 * said or typed on a call. After an uncaught exception `end` is called, which has to see that the process ends.
 */
export function guardProcess(log: Log, end: () => void): void {
  process.on('unhandledRejection', (error) =>
    log.error({ code: 'E_INTERNAL', at: framesOf(error) }, 'a promise was rejected and nobody minded'),
  );
  process.on('uncaughtException', (error) => {
    log.error({ code: 'E_INTERNAL', at: framesOf(error) }, 'an uncaught exception; this process ends');
    end();
  });
}
