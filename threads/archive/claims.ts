import type { Organization, ThreadId } from '../../base/ids.ts';
import { archivedKey, archivingKey, erasedKey } from '../keys.ts';
import type { Redis } from '../redis.ts';
import { NOW } from '../redis-now.ts';
import { script } from '../script.ts';
import type { Archive, Version } from './archive.ts';
import { VERSION_LENGTH } from './archived.ts';

/** Objects cleared away in one step. */
const STEP = 100;

/**
 * What is written to the archive is claimed in Redis first: so no two processes move a thread at once, and what one leaves that is killed
 * is found again. A claim is good for one object of its own name; the thread moves to it only while the claim stands.
 *
 * KEYS: archiving, erased    ARGV: thread id, version, lease (ms)
 */
const claimIt = script(`
${NOW}
local archiving, erased = unpack(KEYS)
if redis.call('ZSCORE', erased, ARGV[1]) then return 0 end
local now = clock_now()
for _, member in ipairs(redis.call('ZRANGEBYSCORE', archiving, '(' .. now, '+inf')) do
  if string.sub(member, 1, #ARGV[1] + 1) == ARGV[1] .. ':' then return 0 end
end
redis.call('ZADD', archiving, now + ARGV[3], ARGV[1] .. ':' .. ARGV[2])
return 1
`);

/** KEYS: archiving, archived    ARGV: thread id, version, characters of a version    Returns: whether the object is to be removed */
const giveUpIt = script(`
local archiving, archived = unpack(KEYS)
local value = redis.call('HGET', archived, ARGV[1])
if value and string.sub(value, 1, ARGV[3]) == ARGV[2] then
  redis.call('ZREM', archiving, ARGV[1] .. ':' .. ARGV[2])
  return 0
end
redis.call('ZADD', archiving, -1, ARGV[1] .. ':' .. ARGV[2])
return 1
`);

/** KEYS: archiving    ARGV: how many    Returns: claims that nobody keeps up, which stand no more from now on */
const lapseSome = script(`
${NOW}
local now = clock_now()
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
for _, member in ipairs(found) do redis.call('ZADD', KEYS[1], -1, member) end
return found
`);

/** Whether the thread may be written to the archive under that version, for `lease` milliseconds. @throws AttendantError as `Redis.run` */
export async function claim(
  redis: Redis,
  organization: Organization,
  { id, version, lease }: { id: ThreadId; version: Version; lease: number },
): Promise<boolean> {
  const keys = [archivingKey(organization), erasedKey(organization)];
  return (await claimIt(redis, keys, [id, version, String(lease)])) === 1;
}

/** Takes back a claim that came to nothing, with what was written. @throws AttendantError as `Redis.run` and `Archive` */
export async function giveUp(
  redis: Redis,
  archive: Archive,
  organization: Organization,
  id: ThreadId,
  version: Version,
): Promise<void> {
  const keys = [archivingKey(organization), archivedKey(organization)];
  if ((await giveUpIt(redis, keys, [id, version, String(VERSION_LENGTH)])) === 1)
    await clear(redis, archive, organization, id, version);
}

/** Removes what was left in the archive by who was killed, and what newer versions replaced. @throws as `giveUp` */
export async function clearLapsed(
  redis: Redis,
  archive: Archive,
  organization: Organization,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const found = (await lapseSome(redis, [archivingKey(organization)], [String(STEP)])) as string[];
    for (const member of found) {
      signal.throwIfAborted();
      const [id, version] = member.split(':') as [ThreadId, Version];
      await giveUp(redis, archive, organization, id, version);
    }
    if (found.length < STEP) return;
  }
}

async function clear(
  redis: Redis,
  archive: Archive,
  organization: Organization,
  id: ThreadId,
  version: Version,
): Promise<void> {
  await archive.remove(organization, id, version);
  await redis.run((client) => client.zRem(archivingKey(organization), `${id}:${version}`));
}
