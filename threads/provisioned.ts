import { provisionedKey } from './keys.ts';
import type { Redis } from './redis.ts';
import { script } from './script.ts';

/** Whose files LiveKit has trunks and rules by. */
export interface Claim {
  /** Of what the files say. */
  readonly digest: string;
  /** Milliseconds since 1970: when somebody began to want that. */
  readonly at: number;
  /** Where, for people. */
  readonly by: string;
}

/** KEYS: claim    ARGV: digest, at, the claim as JSON */
const claim = script(`
local has = redis.call('GET', KEYS[1])
if has then
  local other = cjson.decode(has)
  if other.digest ~= ARGV[1] and other.at > tonumber(ARGV[2]) then return has end
end
redis.call('SET', KEYS[1], ARGV[3])
return false
`);

/**
 * Claims LiveKit for one set of files. Of two sets the one that somebody began to want later holds.
 *
 * @returns the claim that holds in its place; undefined where this one does. Rejects as `Redis.run`.
 */
export async function claimProvisioning(redis: Redis, mine: Claim): Promise<Claim | undefined> {
  const args = [mine.digest, String(mine.at), JSON.stringify(mine)];
  const holds = (await claim(redis, [provisionedKey()], args)) as string | null;
  return holds === null ? undefined : (JSON.parse(holds) as Claim);
}
