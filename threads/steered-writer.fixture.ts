import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { systemClock } from '../base/clock.ts';
import { createLog } from '../base/log.ts';
import type { ThreadStart } from './entry.ts';
import { openThreads } from './store.ts';

/**
 * A process that writes a thread: each line of its input becomes a message, and is answered with how many entries no journal has. Its
 * arguments: Redis URL, folder, the start as JSON. What it logs goes to its stderr.
 */
const [redisUrl = '', journalFolder = '', start = '{}'] = process.argv.slice(2);
const threads = openThreads({
  redisUrl,
  journalFolder,
  clock: systemClock,
  log: createLog('steered', 'warn'),
  signal: new AbortController().signal,
});
let writer: ReturnType<typeof threads.write> | undefined;
writeSync(1, 'ready\n');
for await (const content of createInterface({ input: process.stdin })) {
  writer ??= threads.write(JSON.parse(start) as ThreadStart, 1);
  writer.append({
    kind: 'message',
    message: { role: 'user', content, created_at: '2026-01-01T00:00:00.000Z' },
  });
  // By no stream: what was said to be written is written, whenever this process is killed.
  writeSync(1, `${threads.unjournaled}\n`);
}
