import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { AttendantError, reasonOf } from '../../base/errors.ts';
import { isOrganization, isThreadId, type Organization, type ThreadId } from '../../base/ids.ts';
import type { NumberedEntry } from '../entry.ts';
import type { Thread } from '../thread.ts';
import type { Objects } from './objects.ts';

/** An entry with the id that it had in the thread's stream, which live events are resumed by. */
export interface StoredEntry extends NumberedEntry {
  readonly id: string;
}

/** What an object of the archive holds, as JSON: the thread, and what it is made of. */
interface ArchivedThread {
  readonly archive: 1;
  readonly organization: Organization;
  readonly id: ThreadId;
  /** For people and other programs: Attendant itself folds the entries. */
  readonly thread: Thread;
  readonly entries: readonly StoredEntry[];
}

/** Names one writing of a thread: nobody ever writes an object that somebody else wrote. */
export type Version = string;
export const newVersion = (): Version => randomBytes(6).toString('hex');

const VERSION = /^[0-9a-f]{12}$/;
/** Bytes of a thread as JSON. */
const MOST_JSON = 128 * 1024 * 1024;
const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** Threads that left Redis, and which of them were erased. Everything throws AttendantError E_ARCHIVE_UNREACHABLE. */
export interface Archive {
  put(thread: Thread, entries: readonly StoredEntry[], version: Version, signal?: AbortSignal): Promise<void>;
  /** Undefined where there is none of that version. */
  read(organization: Organization, id: ThreadId, version: Version): Promise<StoredEntry[] | undefined>;
  remove(organization: Organization, id: ThreadId, version: Version): Promise<void>;
  /** What there is of the thread: more than one where somebody was killed in the midst of moving it. */
  versions(organization: Organization, id: ThreadId): Promise<Version[]>;
  /** Whatever there is of the thread. */
  removeAll(organization: Organization, id: ThreadId): Promise<void>;
  /** All threads, with their versions. */
  threads(
    organization: Organization,
    signal: AbortSignal,
  ): AsyncGenerator<{ id: ThreadId; versions: Version[] }, void>;
  /** Remembers that the thread was erased, for a Redis that was emptied. */
  bury(organization: Organization, id: ThreadId): Promise<void>;
  unbury(organization: Organization, id: ThreadId): Promise<void>;
  buried(organization: Organization, signal: AbortSignal): AsyncGenerator<ThreadId, void>;
}

/** The id's first six characters of time: threads of about 17 minutes lie together. */
const shardOf = (id: ThreadId): string => id.slice('thr_'.length, 'thr_'.length + 6);

const stem = (organization: Organization, id: ThreadId): string => {
  // Both are branded, but what leads to a file is looked at once more.
  if (!isOrganization(organization) || !isThreadId(id)) throw new RangeError('no key of an archive');
  return `${organization}/threads/${shardOf(id)}/${id}.`;
};
const objectKey = (organization: Organization, id: ThreadId, version: Version): string =>
  `${stem(organization, id)}${version}.json.gz`;
const tombKey = (organization: Organization, id: ThreadId): string =>
  `${organization}/erased/${shardOf(id)}/${id}`;

export function archiveIn(objects: Objects): Archive {
  return {
    put: async (thread, entries, version, signal) => {
      const { organization, id } = thread;
      const body: ArchivedThread = { archive: 1, organization, id, thread, entries };
      await objects.put(objectKey(organization, id, version), await pack(JSON.stringify(body)), signal);
    },
    read: async (organization, id, version) => {
      const packed = await objects.get(objectKey(organization, id, version));
      return packed && parse(packed, organization, id);
    },
    remove: (organization, id, version) => objects.remove(objectKey(organization, id, version)),
    versions: async (organization, id) => {
      const found: Version[] = [];
      for await (const key of objects.list(stem(organization, id))) {
        const [, version = ''] = key.slice(key.lastIndexOf('/') + 1).split('.');
        if (VERSION.test(version)) found.push(version);
      }
      return found;
    },
    removeAll: async (organization, id) => {
      for await (const key of objects.list(stem(organization, id))) await objects.remove(key);
    },
    threads: async function* (organization, signal) {
      // Versions of a thread follow one another in a listing of S3; a folder's files come in any order, but together.
      let shard = '';
      let found = new Map<ThreadId, Version[]>();
      const all = function* () {
        for (const [id, versions] of found) yield { id, versions };
      };
      for await (const key of objects.list(`${organization}/threads/`, signal)) {
        const [, , folder = '', name = ''] = key.split('/');
        const [id = '', version = ''] = name.split('.');
        if (!isThreadId(id) || !VERSION.test(version)) continue;
        if (folder !== shard) {
          yield* all();
          found = new Map();
          shard = folder;
        }
        found.set(id, [...(found.get(id) ?? []), version]);
      }
      yield* all();
    },
    bury: (organization, id) => objects.put(tombKey(organization, id), Buffer.from('erased\n')),
    unbury: (organization, id) => objects.remove(tombKey(organization, id)),
    buried: async function* (organization, signal) {
      for await (const key of objects.list(`${organization}/erased/`, signal)) {
        const id = key.slice(key.lastIndexOf('/') + 1);
        if (isThreadId(id)) yield id;
      }
    },
  };
}

/** @throws AttendantError E_ARCHIVE_UNREACHABLE where it is none of ours */
async function parse(packed: Buffer, organization: Organization, id: ThreadId): Promise<StoredEntry[]> {
  try {
    const json = await unpack(packed, { maxOutputLength: MOST_JSON });
    const body = JSON.parse(json.toString('utf8')) as Partial<Omit<ArchivedThread, 'entries'>> & {
      entries?: Partial<StoredEntry>[];
    };
    if (body.archive !== 1) throw new Error(`format ${String(body.archive)} is not known here`);
    if (body.organization !== organization || body.id !== id) throw new Error('it is of another thread');
    return (body.entries ?? []).filter((found): found is StoredEntry => {
      const { id: at, epoch, n, entry } = found;
      return (
        typeof at === 'string' &&
        Number.isSafeInteger(epoch) &&
        Number.isSafeInteger(n) &&
        typeof entry?.kind === 'string'
      );
    });
  } catch (cause) {
    throw new AttendantError(
      'E_ARCHIVE_UNREACHABLE',
      `the archive's copy of ${id} is broken: ${reasonOf(cause)}`,
      {
        cause,
      },
    );
  }
}
