import { systemClock } from '../../base/clock.ts';
import { createLog } from '../../base/log.ts';
import { connectRedis } from '../redis.ts';
import { ORGANIZATION } from '../thread.fixture.ts';
import { archiveIn } from './archive.ts';
import { dying } from './dying.fixture.ts';
import { filesIn } from './files.ts';
import { sweep } from './keep.ts';

/**
 * A process that moves old threads and kills itself at a certain step. Its arguments: Redis URL, the archive's folder, the step. One that comes
 * through all of them says so.
 */
const [url = '', folder = '', step = '0'] = process.argv.slice(2);
const log = createLog('dying', 'silent');
const { signal } = new AbortController();
const redis = connectRedis({ url, clock: systemClock, log, signal });
await new Promise<void>((resolve) => redis.onReady(resolve));
const mortal = dying(redis, filesIn(folder), Number(step), () => process.kill(process.pid, 'SIGKILL'));
await sweep(
  {
    redis: mortal.redis,
    archive: archiveIn(mortal.objects),
    organizations: new Map([[ORGANIZATION, { daysInRedis: 30 }]]),
    clock: systemClock,
    log,
    signal,
    lease: 1,
  },
  { withTombs: true },
);
process.stdout.write('came through\n');
await redis.close();
