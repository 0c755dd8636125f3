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
    {
      base: { part, pid: process.pid },
      level,
      redact: { paths: ['pii', '*.pii'], remove: true },
      formatters: { log: quotingNothing },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** What quotes, and what may be somebody's number. */
const FOREIGN = /"[^"]*"?|'[^']*'?|`[^`]*`?|[0-9](?:[ .,-]?[0-9]){3,}/g;

/** The words of an error that is none of ours, `E_INTERNAL`, may quote whatever went wrong: JSON.parse's quote the text. */
function quotingNothing(line: Record<string, unknown>): Record<string, unknown> {
  const { code, cause } = line;
  if (code !== 'E_INTERNAL' || typeof cause !== 'string') return line;
  return { ...line, cause: cause.replace(FOREIGN, '…') };
}
