import { systemClock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import { isOrganization, type Organization } from '../base/ids.ts';
import { createLog } from '../base/log.ts';
import type { Config } from '../config.ts';
import { rebuildArchive } from '../threads/archive/rebuild.ts';
import { openArchive, readKeeping } from '../threads/keeping-file.ts';
import { withRedis } from '../threads/with-redis.ts';

/**
 * `attendant archive --rebuild`: makes what the archive holds known to Redis, a line for each organization. The API does the same by itself
 * where it finds a Redis that was emptied.
 *
 * @throws AttendantError E_KEEPING_INVALID, E_BAD_REQUEST, E_ARCHIVE_UNREACHABLE, E_REDIS_UNREACHABLE
 */
export async function rebuildCommand(
  config: Pick<Config, 'redisUrl' | 'apiKeys' | 'home' | 'env'>,
  options: { readonly organization?: readonly string[] },
  write: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const keeping = readKeeping(config);
  const named = options.organization ?? [
    ...keeping.organizations.keys(),
    ...config.apiKeys.map(({ organization }) => organization),
  ];
  const archive = openArchive(keeping, systemClock);
  const log = createLog('archive', 'silent');
  await withRedis(config.redisUrl, log, signal, async (redis) => {
    for (const organization of new Set(named)) {
      const found = await rebuildArchive(
        { redis, archive, clock: systemClock, log },
        checked(organization),
        signal,
      );
      const busy = found.busy === 0 ? '' : `, ${found.busy} are being written: run it again`;
      write(
        `${organization}: ${found.threads} threads and ${found.erased} erased ones were not known${busy}`,
      );
    }
  });
}

function checked(organization: string): Organization {
  if (isOrganization(organization)) return organization;
  throw new AttendantError('E_BAD_REQUEST', `${organization} is no organization (a-z, 0-9, -)`);
}
