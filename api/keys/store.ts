import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { AttendantError } from '../../base/errors.ts';
import { isKeyId, newKeyId, type KeyId, type Organization } from '../../base/ids.ts';
import { apiKeysKey } from '../../threads/keys.ts';
import type { Redis } from '../../threads/redis.ts';
import { script } from '../../threads/script.ts';
import { SCOPES, type Client, type Scope } from '../operation.ts';
import { findFirstKey, type FirstKey } from './first-keys.ts';
import { hashKey, readKey, sameHash, writeKey } from './key.ts';

/** How many keys an organization can have in Redis. */
const MOST_KEYS = 500;

/** A key as Redis holds it. */
const storedKey = z.object({
  name: z.string(),
  scope: z.enum(SCOPES),
  created_at: z.string(),
  expires_at: z.string().nullable(),
  hash: z.string(),
  /** The one before the last rotation, while it still counts. */
  previous: z.object({ hash: z.string(), until: z.string() }).nullable(),
});
type StoredKey = z.output<typeof storedKey>;

/** A key as it is shown: never its secret. */
export interface KeyRecord {
  readonly id: KeyId;
  readonly name: string;
  readonly scope: Scope;
  /** `environment` for those of ATTENDANT_API_KEYS, which only the environment changes. */
  readonly source: 'redis' | 'environment';
  readonly created_at: string | null;
  readonly expires_at: string | null;
  /** Until when the key before the last rotation counts too. */
  readonly previous_until: string | null;
}

/** A new key with its text, which is told this once. */
export interface NewKey extends KeyRecord {
  readonly key: string;
}

/** The keys of the API. All methods throw as `Redis.run`. */
export interface Keys {
  /** Whose key that is; undefined for none that is good now. */
  find(key: string): Promise<Client | undefined>;
  list(organization: Organization): Promise<KeyRecord[]>;
  /** @param wanted.lifetime milliseconds, for ever where it is left out. @throws AttendantError E_TOO_MANY_KEYS */
  create(
    organization: Organization,
    wanted: { name: string; scope: Scope; lifetime?: number | undefined },
  ): Promise<NewKey>;
  /**
   * Gives the key a new secret; the old one counts for `overlap` ms more.
   *
   * @throws AttendantError E_KEY_NOT_FOUND, E_KEY_FIXED
   */
  rotate(organization: Organization, id: string, overlap: number): Promise<NewKey>;
  /** @throws AttendantError E_KEY_NOT_FOUND, E_KEY_FIXED */
  revoke(organization: Organization, id: string): Promise<void>;
}

/** Puts a key where the field still holds what was read; two rotations at once must not both tell a secret that counts. */
const SWAP = script(`
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
`);

/** Adds a key unless there are too many. */
const ADD = script(`
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
`);

export function openKeys(options: { redis: Redis; clock: Clock; first: readonly FirstKey[] }): Keys {
  const { redis, clock, first } = options;
  const at = (ms: number) => new Date(ms).toISOString();
  const isOver = (time: string | null) => time !== null && Date.parse(time) <= clock.now();

  const readRaw = (organization: Organization, id: KeyId) =>
    redis.run((client) => client.hGet(apiKeysKey(organization), id));

  /** The key of that id as it stands in Redis, and its text there. */
  const existing = async (organization: Organization, id: string): Promise<[KeyId, StoredKey, string]> => {
    if (first.some((key) => key.organization === organization && key.id === id))
      throw new AttendantError('E_KEY_FIXED', 'the key stands in ATTENDANT_API_KEYS');
    const raw = isKeyId(id) ? await readRaw(organization, id) : null;
    const stored = parse(raw);
    if (!isKeyId(id) || raw === null || !stored)
      throw new AttendantError('E_KEY_NOT_FOUND', 'no key of the organization has this id');
    return [id, stored, raw];
  };

  return {
    find: async (text) => {
      const given = hashKey(text);
      const known = findFirstKey(first, given);
      if (known) return { organization: known.organization, key: known.id, scope: 'admin' };
      const claimed = readKey(text);
      if (!claimed) return undefined;
      const { organization, id } = claimed;
      const stored = parse(await readRaw(organization, id));
      if (!stored || isOver(stored.expires_at)) return undefined;
      const { previous } = stored;
      const good =
        sameHash(given, stored.hash) ||
        (previous !== null && !isOver(previous.until) && sameHash(given, previous.hash));
      return good ? { organization, key: id, scope: stored.scope } : undefined;
    },

    list: async (organization) => {
      const fixed = first
        .filter((key) => key.organization === organization)
        .map(({ id }): KeyRecord => {
          const times = { created_at: null, expires_at: null, previous_until: null };
          return { id, name: 'ATTENDANT_API_KEYS', scope: 'admin', source: 'environment', ...times };
        });
      const all = await redis.run((client) => client.hGetAll(apiKeysKey(organization)));
      const stored = Object.entries(all).flatMap(([id, raw]) => {
        const key = parse(raw);
        return key && isKeyId(id) ? [shown(id, key)] : [];
      });
      return [...fixed, ...stored.sort((a, b) => (a.id < b.id ? -1 : 1))];
    },

    create: async (organization, { name, scope, lifetime }) => {
      const now = clock.now();
      const id = newKeyId(now);
      const key = writeKey(organization, id);
      const stored: StoredKey = {
        name,
        scope,
        created_at: at(now),
        expires_at: lifetime === undefined ? null : at(now + lifetime),
        hash: hashKey(key).toString('hex'),
        previous: null,
      };
      const args = [id, JSON.stringify(stored), String(MOST_KEYS)];
      if ((await ADD(redis, [apiKeysKey(organization)], args)) !== 1)
        throw new AttendantError('E_TOO_MANY_KEYS', `an organization has at most ${MOST_KEYS}`);
      return { ...shown(id, stored), key };
    },

    rotate: async (organization, id, overlap) => {
      for (;;) {
        const [known, stored, raw] = await existing(organization, id);
        const key = writeKey(organization, known);
        const previous = overlap > 0 ? { hash: stored.hash, until: at(clock.now() + overlap) } : null;
        const next: StoredKey = { ...stored, hash: hashKey(key).toString('hex'), previous };
        const swapped = await SWAP(redis, [apiKeysKey(organization)], [known, raw, JSON.stringify(next)]);
        if (swapped === 1) return { ...shown(known, next), key };
      }
    },

    revoke: async (organization, id) => {
      const [known] = await existing(organization, id);
      await redis.run((client) => client.hDel(apiKeysKey(organization), known));
    },
  };
}

function shown(id: KeyId, { name, scope, created_at, expires_at, previous }: StoredKey): KeyRecord {
  return {
    id,
    name,
    scope,
    source: 'redis',
    created_at,
    expires_at,
    previous_until: previous?.until ?? null,
  };
}

/** What is no key is none: others can write to Redis too. */
function parse(raw: string | null): StoredKey | undefined {
  try {
    return storedKey.safeParse(JSON.parse(raw ?? '')).data;
  } catch {
    return undefined;
  }
}
