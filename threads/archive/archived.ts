import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { RESP_TYPES } from 'redis';
import type { Organization, ThreadId } from '../../base/ids.ts';
import { withoutHistory, type ThreadSummary } from '../hash.ts';
import { archivedKey } from '../keys.ts';
import type { Redis } from '../redis.ts';
import type { Thread } from '../thread.ts';
import type { StoredEntry, Version } from './archive.ts';

/**
 * What stays in Redis of a thread that moved to the archive, besides the sorted sets that find it: which of the archive's objects holds it,
 * and its summary, so that lists and search need not ask the archive.
 */
export interface Archived {
  readonly version: Version;
  readonly summary: ThreadSummary;
  /** Id of its last entry. */
  readonly last: string;
  /** Whose entries it has; of each a bitmap stays in Redis, so that a late journal brings nothing twice. */
  readonly epochs: readonly number[];
}

/** Characters of a version; the summary stands behind it. */
export const VERSION_LENGTH = 12;
/** Bytes of a summary as JSON. */
const MOST_JSON = 16 * 1024 * 1024;
const pack = promisify(deflateRaw);
const unpack = promisify(inflateRaw);

/** As it stands in the hash. */
export async function archivedValue({ version, ...known }: Archived): Promise<Buffer> {
  return Buffer.concat([Buffer.from(version), await pack(JSON.stringify(known), { level: 9 })]);
}

/** What is to stay in Redis of a thread and its entries, in order of arrival. */
export function archivedFrom(version: Version, thread: Thread, entries: readonly StoredEntry[]): Archived {
  return {
    version,
    summary: withoutHistory(thread),
    last: entries.at(-1)?.id ?? '0-0',
    epochs: [...new Set(entries.map(({ epoch }) => epoch))],
  };
}

/** The thread's version in the archive; undefined where it is not there. @throws AttendantError as `Redis.run` */
export async function archivedVersion(
  redis: Redis,
  organization: Organization,
  id: ThreadId,
): Promise<Version | undefined> {
  const [value] = await values(redis, organization, [id]);
  return value ? versionOf(value) : undefined;
}

/** What Redis knows of threads in the archive, in the order of their ids. @throws AttendantError as `Redis.run` */
export async function archivedOf(
  redis: Redis,
  organization: Organization,
  ids: readonly ThreadId[],
): Promise<(Archived | undefined)[]> {
  const found = await values(redis, organization, ids);
  return Promise.all(found.map(async (value) => (value ? parse(value) : undefined)));
}

async function values(
  redis: Redis,
  organization: Organization,
  ids: readonly ThreadId[],
): Promise<(Buffer | null)[]> {
  if (ids.length === 0) return [];
  return redis.run(
    (client) =>
      client
        .withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
        .hmGet(archivedKey(organization), [...ids]) as unknown as Promise<(Buffer | null)[]>,
  );
}

const versionOf = (value: Buffer): Version => value.subarray(0, VERSION_LENGTH).toString('latin1');

/** Others can write to Redis too: what is none of ours shows nothing in a list. */
async function parse(value: Buffer): Promise<Archived | undefined> {
  try {
    const json = await unpack(value.subarray(VERSION_LENGTH), { maxOutputLength: MOST_JSON });
    return { ...(JSON.parse(json.toString('utf8')) as Archived), version: versionOf(value) };
  } catch {
    return undefined;
  }
}
