import { asAttendantError } from '../base/errors.ts';
import type { Organization, ThreadId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Objects } from './archive/objects.ts';

/** Milliseconds for the files of one call in one place: somebody waits for the answer. */
const LIMIT = 20_000;

/** A folder or bucket that recordings are in, and what the names of files there begin with. */
export interface RecordingPlace {
  readonly objects: Objects;
  /** Empty for nothing. */
  readonly prefix: string;
}

/** Files of recordings, as far as this process reaches them. */
export interface RecordingFiles {
  /**
   * Removes whatever there is of the recording of a call. Never rejects: what is out of reach is told as not removed.
   *
   * @returns the names, `<organization>/<thread>/<part>.<format>`, of what was there
   */
  erase(organization: Organization, thread: ThreadId): Promise<ReadonlySet<string>>;
}

/** @param places asked at each erasing, for definitions change while the process runs */
export function recordingFiles(places: () => readonly RecordingPlace[], log: Log): RecordingFiles {
  return {
    erase: async (organization, thread) => {
      const gone = new Set<string>();
      for (const { objects, prefix } of places()) {
        try {
          // All first: a list that shrinks while it is read leaves some out.
          const signal = AbortSignal.timeout(LIMIT);
          const keys: string[] = [];
          for await (const key of objects.list(`${prefix}${organization}/${thread}/`, signal)) keys.push(key);
          for (const key of keys) {
            await objects.remove(key, signal);
            gone.add(key.slice(prefix.length));
          }
        } catch (thrown) {
          const { code } = asAttendantError(thrown);
          log.warn(
            { call: thread, code, pii: { error: thrown } },
            'files of a recording could not be erased',
          );
        }
      }
      return gone;
    },
  };
}
