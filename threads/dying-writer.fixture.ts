import { systemClock } from '../base/clock.ts';
import { createLog } from '../base/log.ts';
import type { ThreadStart } from './entry.ts';
import { openThreads } from './store.ts';

/**
 * A process that writes a thread into a folder's journal, says so, and waits to be killed. Its arguments: Redis URL, folder, the
 * start as JSON, how many messages.
 */
const [redisUrl = '', journalFolder = '', start = '{}', count = '0'] = process.argv.slice(2);
const threads = openThreads({
  redisUrl,
  journalFolder,
  clock: systemClock,
  log: createLog('dying', 'silent'),
  signal: new AbortController().signal,
});
const writer = threads.write(JSON.parse(start) as ThreadStart, 1);
for (let i = 0; i < Number(count); i++) {
  writer.append({
    kind: 'message',
    message: { role: 'user', content: `line ${i}`, created_at: '2026-01-01T00:00:00.000Z' },
  });
}
process.stdout.write('written\n');
