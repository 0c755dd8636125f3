import type { Clock } from '../base/clock.ts';
import { isThreadId, isUid, type Organization, type ThreadId } from '../base/ids.ts';
import {
  commandsKey,
  entriesKey,
  erasedKey,
  eventsKey,
  indexKey,
  prefixOf,
  termKey,
  threadKey,
  uidKey,
} from './keys.ts';
import { readById } from './read.ts';
import type { Redis } from './redis.ts';
import { script } from './script.ts';
import { term, termsOf } from './thread-index.ts';

/** Entries removed in one step: a script holds everybody else up while it runs. */
const STEP = '500';
/** Threads erased at one go; the rest is told, to be asked for again. */
const MOST = 500;

/**
 * Takes a thread out of everything, its entries a step at a time, the thread itself and what finds it at the first.
 *
 * KEYS: erased, thread, index, entries, events, commands
 * ARGV: thread id, now (ms), what terms' keys start with, how many entries, then terms that it may be found by
 * Returns: 1 where entries are left
 */
const ERASE = script(`
local erased, thread, index, entries, events, commands = unpack(KEYS)
local id, prefix, most = ARGV[1], ARGV[3], tonumber(ARGV[4])
redis.call('ZADD', erased, 'NX', ARGV[2], id)
for _, term in ipairs(redis.call('SMEMBERS', index)) do redis.call('ZREM', prefix .. term, id) end
for i = 5, #ARGV do redis.call('ZREM', prefix .. ARGV[i], id) end
redis.call('DEL', thread, index, commands)
local found = redis.call('XRANGE', entries, '-', '+', 'COUNT', most)
for _, entry in ipairs(found) do
  local event = redis.call('XRANGE', events, entry[1], entry[1])[1]
  if event and event[2][2] == id then redis.call('XDEL', events, entry[1]) end
  for i = 1, #entry[2], 2 do
    if entry[2][i] == 'epoch' then redis.call('DEL', prefix .. 'seen:' .. id .. ':' .. entry[2][i + 1]) end
  end
  redis.call('XDEL', entries, entry[1])
end
if #found == most then return 1 end
redis.call('DEL', entries)
return 0
`);

export interface Erased {
  readonly erased: ThreadId[];
  /** There are more: ask again. */
  readonly more: boolean;
}

/**
 * Erases the thread of that id, or all threads of that UID: the thread, its entries, what it is found by, its events. Workers
 * remove its journals when they next look at them; until then, and should it be written still, nothing of it comes back.
 *
 * @throws AttendantError as `Redis.run`
 */
export async function eraseThreads(
  redis: Redis,
  clock: Clock,
  organization: Organization,
  key: string,
): Promise<Erased> {
  if (isThreadId(key)) {
    const erased = await eraseOne(redis, clock, organization, key);
    if (erased) return { erased: [key], more: false };
  }
  if (!isUid(key)) return { erased: [], more: false };
  return eraseSet(redis, clock, organization, uidKey(organization, key));
}

/**
 * Erases all threads of a caller's number, as `eraseThreads`.
 *
 * @throws AttendantError as `Redis.run`
 */
export function eraseCaller(
  redis: Redis,
  clock: Clock,
  organization: Organization,
  number: string,
): Promise<Erased> {
  return eraseSet(redis, clock, organization, termKey(organization, term('caller', number)));
}

async function eraseSet(
  redis: Redis,
  clock: Clock,
  organization: Organization,
  set: string,
): Promise<Erased> {
  const ids = (await redis.run((client) => client.zRange(set, 0, MOST))).filter(isThreadId);
  const erased = ids.slice(0, MOST);
  for (const id of erased) {
    await eraseOne(redis, clock, organization, id);
    // Whatever else: it must not be found again.
    await redis.run((client) => client.zRem(set, id));
  }
  return { erased, more: ids.length > MOST };
}

/** Whether there was one. */
async function eraseOne(
  redis: Redis,
  clock: Clock,
  organization: Organization,
  id: ThreadId,
): Promise<boolean> {
  const thread = await readById(redis, organization, id);
  const known = await redis.run((client) =>
    client.exists([threadKey(organization, id), entriesKey(organization, id)]),
  );
  if (known === 0) return false;
  const keys = [
    erasedKey(organization),
    threadKey(organization, id),
    indexKey(organization, id),
    entriesKey(organization, id),
    eventsKey(organization),
    commandsKey(organization, id),
  ];
  const args = [id, String(clock.now()), prefixOf(organization), STEP, ...(thread ? termsOf(thread) : [])];
  while ((await ERASE(redis, keys, args)) === 1);
  return true;
}
