import { isThreadId, type Organization, type ThreadId } from '../../base/ids.ts';
import { archiveErasingKey, eventsKey, seenKey } from '../keys.ts';
import type { Redis } from '../redis.ts';
import { script } from '../script.ts';
import { abreast } from './abreast.ts';
import type { Archive, StoredEntry } from './archive.ts';

/** Threads at once, and events in one step: a script holds everybody else up while it runs. */
const ABREAST = 8;
const STEP = 500;

/** KEYS: events    ARGV: thread id, then ids of events, of which those of the thread go */
const forgetEvents = script(`
for i = 2, #ARGV do
  local event = redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])[1]
  if event and event[2][2] == ARGV[1] then redis.call('XDEL', KEYS[1], ARGV[i]) end
end
return 1
`);

/**
 * Takes threads that were erased in Redis out of the archive, and what only the archive knows of them out of Redis. Can be done again.
 *
 * @param options.bury whether the archive is to remember them, for a Redis that is emptied
 * @throws AttendantError as `Redis.run` and `Archive`
 */
export async function finishErasing(
  redis: Redis,
  archive: Archive,
  organization: Organization,
  ids: readonly ThreadId[],
  options: { bury: boolean },
): Promise<void> {
  await abreast(ids, ABREAST, async (id) => {
    if (options.bury) await archive.bury(organization, id);
    for (const version of await archive.versions(organization, id)) {
      const entries = await archive.read(organization, id, version).catch(() => undefined);
      await forget(redis, organization, id, entries ?? []);
    }
    await archive.removeAll(organization, id);
    await redis.run((client) => client.zRem(archiveErasingKey(organization), id));
  });
}

/** Finishes what was begun while the archive was away, or by who was killed. @throws as `finishErasing` */
export async function finishErased(
  redis: Redis,
  archive: Archive,
  organization: Organization,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const key = archiveErasingKey(organization);
    const ids = (await redis.run((client) => client.zRange(key, 0, STEP - 1))).filter(isThreadId);
    if (ids.length === 0) return;
    await finishErasing(redis, archive, organization, ids, { bury: true });
  }
}

async function forget(
  redis: Redis,
  organization: Organization,
  id: ThreadId,
  entries: readonly StoredEntry[],
): Promise<void> {
  for (let from = 0; from < entries.length; from += STEP) {
    const events = entries.slice(from, from + STEP).map((entry) => entry.id);
    await forgetEvents(redis, [eventsKey(organization)], [id, ...events]);
  }
  const seen = [...new Set(entries.map(({ epoch }) => seenKey(organization, id, epoch)))];
  if (seen.length > 0) await redis.run((client) => client.del(seen));
}
