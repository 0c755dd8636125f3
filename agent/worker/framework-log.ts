import { initializeLogger } from '@livekit/agents';
import { pino } from 'pino';
import { framesOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';

/** Where the framework keeps its logger: a process-wide slot that its own set-up fills too. */
const SLOT = Symbol.for('@livekit/agents:logger');
/** pino's number of the level `info`. */
const INFO = 30;
/** The framework's key prefix for what is said, typed and passed to tools. */
const PERSONAL = 'lk.pii.';
const MADE_UP = /(unknown AI function) .*/s;
const NUMBER = /[0-9](?:[ .,-]?[0-9]){3,}/g;

/**
 * Gives LiveKit's framework a log that leaves out personal data; its own writes it at INFO. To be called once a process, before any
 * other use of the framework (its state is shared by all jobs).
 */
export function quietFramework(log: Log): void {
  initializeLogger({ pretty: false, level: 'error' });
  const logger = pino(
    {
      base: { part: 'livekit-agents', pid: process.pid },
      // Its INFO and WARN tell each step of each turn; what matters of it is on the thread.
      level: log.levelVal < INFO ? 'warn' : 'error',
      formatters: { log: withoutPersonalData },
      hooks: {
        logMethod(args, method) {
          const told = args.map((arg) => (typeof arg === 'string' ? withoutNumbers(arg) : arg));
          method.apply(this, told as typeof args);
        },
      },
    },
    pino.destination({ dest: 2, sync: true }),
  );
  (globalThis as Record<symbol, unknown>)[SLOT] = logger;
}

function withoutPersonalData(line: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(line)
      .filter(([key]) => !key.startsWith(PERSONAL) && key !== 'function')
      .map(([key, value]) => [
        key,
        // Messages of model servers quote what was said.
        value instanceof Error
          ? { type: value.name, stack: framesOf(value) }
          : typeof value === 'string'
            ? withoutNumbers(value)
            : value,
      ]),
  );
}

/** Names of tools are the model's words: it may have made one up of a number. */
function withoutNumbers(text: string): string {
  return text.replace(MADE_UP, '$1 …').replace(NUMBER, '…');
}
