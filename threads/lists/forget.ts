import { isListId, type Organization } from '../../base/ids.ts';
import { listsKey } from '../keys.ts';
import type { Redis } from '../redis.ts';
import { forget } from './scripts.ts';
import { listKeys } from './store.ts';

/**
 * Takes a person out of all lists of the organization, whether they were called or not. A call that runs goes on.
 *
 * @returns in how many they were. @throws AttendantError as `Redis.run`
 */
export async function forgetCallee(
  redis: Redis,
  organization: Organization,
  who: { readonly to: string } | { readonly uid: string },
): Promise<number> {
  const place = 'to' in who ? `to:${who.to}` : `uid:${who.uid}`;
  const ids = await redis.run((client) => client.zRange(listsKey(organization), 0, -1));
  const found = await Promise.all(
    ids.filter(isListId).map((id) => forget(redis, listKeys(organization, id), ['', id, place])),
  );
  return found.filter((one) => one === 1).length;
}
