import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from 'redis';
import { connectLiveKit } from '../../livekit/client.ts';
import { journalFacts } from '../../threads/journal.ts';
import type { Switchboard } from '../calls/switchboard.ts';
import { until } from '../until.ts';

/** What a call may leave behind for so long, and no longer. Milliseconds. */
const LIMIT = 60_000;

/** Resolves when nothing is left of any call: no room, participant, lease, process or file; fails after a minute. Milliseconds that it took. */
export async function nothingIsLeft(board: Switchboard): Promise<number> {
  const began = Date.now();
  let left: string[] = [];
  await until(
    'nothing is left of the calls',
    async () => {
      left = await leftovers(board);
      return left.length === 0;
    },
    { within: LIMIT, seen: () => left },
  );
  return Date.now() - began;
}

/** What there is of calls, one line each. */
async function leftovers(board: Switchboard): Promise<string[]> {
  const { stack } = board;
  const { rooms } = connectLiveKit(stack.config.livekit);
  const soon = () => AbortSignal.timeout(5_000);
  const found: string[] = [];
  for (const { name } of await rooms.list(soon())) {
    const there = await rooms.participants(name, soon());
    found.push(`room ${name} with ${there.map(({ identity }) => identity).join(', ') || 'nobody'}`);
  }
  const redis = createClient({ url: stack.config.redisUrl });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    for (const pattern of ['attendant:*:lease*', 'attendant:*:commands:*', 'room_participants:*'])
      for (const key of await redis.keys(pattern))
        if (key !== 'attendant:leased-organizations') found.push(`key ${key}`);
    const nodes = await redis.hLen('room_node_map');
    if (nodes > 0) found.push(`${nodes} rooms on nodes`);
  } finally {
    redis.destroy();
  }
  const metrics = await board.metrics();
  for (const name of [
    'attendant_worker_calls',
    'attendant_worker_journal_backlog',
    'attendant_worker_unjournaled',
  ])
    if (metrics.get(name) !== 0) found.push(`${name} ${metrics.get(name)}`);
  const run = join(stack.config.home, '.attendant');
  for (const file of readdirSync(join(run, 'journal'))) {
    const facts = file.endsWith('.jsonl') ? await journalFacts(join(run, 'journal', file)) : undefined;
    if (!facts?.closed) found.push(`file ${file}`);
  }
  const kept = readdirSync(run).filter((name) => !['journal', 'logs', 'redis', 'archive'].includes(name));
  found.push(...kept.filter((name) => !/\.(yaml|json)$/.test(name)).map((name) => `file ${name}`));
  return [...found, ...processes(stack.config.home)];
}

/** Node's processes of the stack, beyond API, worker and the worker's one child. */
function processes(home: string): string[] {
  const mine = readdirSync('/proc').flatMap((pid) => {
    try {
      const isOurs = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`ATTENDANT_STACK=${home}\0`);
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return isOurs && /\bnode\b.*\.ts\b/.test(command) ? [`process ${pid}: ${command}`] : [];
    } catch {
      return []; // No process, one that has just ended, or another user's.
    }
  });
  return mine.length <= 3 ? [] : mine;
}
