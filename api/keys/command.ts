import { systemClock } from '../../base/clock.ts';
import { AttendantError } from '../../base/errors.ts';
import { isOrganization } from '../../base/ids.ts';
import { createLog } from '../../base/log.ts';
import type { Config } from '../../config.ts';
import { withRedis } from '../../threads/with-redis.ts';
import { SCOPES, type Scope } from '../operation.ts';
import { hashFirstKeys } from './first-keys.ts';
import { openKeys, type KeyRecord, type Keys, type NewKey } from './store.ts';

const ACTIONS = ['list', 'create', 'rotate', 'revoke'] as const;

export interface KeyOptions {
  readonly organization: string;
  readonly name?: string;
  readonly scope?: string;
  /** Days until it ends. */
  readonly days?: string;
  /** Seconds that the old secret counts after a rotation. */
  readonly overlap?: string;
}

/**
 * `attendant key`: works on the keys in Redis itself, so that the first key of an organization needs none. A new key is written alone on
 * its line.
 *
 * @throws AttendantError E_BAD_REQUEST, E_REDIS_UNREACHABLE, E_KEY_NOT_FOUND, E_KEY_FIXED, E_TOO_MANY_KEYS
 */
export async function keyCommand(
  config: Pick<Config, 'redisUrl' | 'apiKeys'>,
  asked: { action: string; id: string | undefined; options: KeyOptions },
  write: (line: string) => void,
): Promise<void> {
  const clock = systemClock;
  const log = createLog('key', 'silent');
  const { signal } = new AbortController();
  await withRedis(config.redisUrl, log, signal, async (redis) => {
    const keys = openKeys({ redis, clock, first: hashFirstKeys(config.apiKeys) });
    for (const line of await act(keys, asked)) write(line);
  });
}

async function act(
  keys: Keys,
  { action, id, options }: { action: string; id: string | undefined; options: KeyOptions },
): Promise<string[]> {
  const { organization } = options;
  if (!isOrganization(organization))
    throw new AttendantError('E_BAD_REQUEST', `${organization} is no organization (a-z, 0-9, -)`);
  const known = () => {
    if (id === undefined)
      throw new AttendantError('E_BAD_REQUEST', `attendant key ${action} needs a key’s id`);
    return id;
  };
  switch (action) {
    case 'list':
      return (await keys.list(organization)).map(row);
    case 'create': {
      const { name, scope = 'read', days } = options;
      if (!name) throw new AttendantError('E_BAD_REQUEST', 'say who uses it: --name');
      if (!isScope(scope))
        throw new AttendantError('E_BAD_REQUEST', `--scope is one of ${SCOPES.join(', ')}`);
      const lifetime = days === undefined ? undefined : amount('--days', days) * 86_400_000;
      return told(await keys.create(organization, { name, scope, lifetime }));
    }
    case 'rotate':
      return told(
        await keys.rotate(organization, known(), amount('--overlap', options.overlap ?? '3600') * 1_000),
      );
    case 'revoke':
      await keys.revoke(organization, known());
      return [];
    default:
      throw new AttendantError('E_BAD_REQUEST', `${action} is none of ${ACTIONS.join(', ')}`);
  }
}

const isScope = (text: string): text is Scope => (SCOPES as readonly string[]).includes(text);

function amount(option: string, text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && number >= 0 && number <= 100_000_000) return number;
  throw new AttendantError('E_BAD_REQUEST', `${option} ${text} is no number`);
}

const told = (made: NewKey): string[] => [row(made), made.key];

function row({ id, name, scope, created_at, expires_at, previous_until }: KeyRecord): string {
  const times = [
    created_at && `made ${created_at}`,
    expires_at && `ends ${expires_at}`,
    previous_until && `the secret before counts until ${previous_until}`,
  ].filter(Boolean);
  // Names come from whoever made the key, over the API too: not into the terminal as they are.
  return [id, scope, name.replaceAll(/\p{Cc}/gu, '?'), ...times].join('  ');
}
