import { pino, type Logger } from 'pino';

export type Log = Logger;

/**
 * The log of a process: JSON lines on stderr. Personal data (numbers, names, what was said, tool arguments) may be logged
 * only below the key `pii`, which is removed before a line is written.
 *
 * @example log.info({ call: thread.id, pii: { number } }, 'call answered');
 */
export function createLog(part: string, level: string): Log {
  return pino(
    { base: { part, pid: process.pid }, level, redact: { paths: ['pii', '*.pii'], remove: true } },
    pino.destination({ dest: 2, sync: true }),
  );
}
