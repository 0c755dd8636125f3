/**
 * Where an archive's objects are: files or S3. Keys are of the archive's own making, letters, digits and `_.-` between slashes
 * (`checkedKey`). Each call may take as long as its retries; the signal ends it.
 */
export interface Objects {
  /** All of it or nothing, and there for good when this resolves. @throws AttendantError E_ARCHIVE_UNREACHABLE; the signal's reason */
  put(key: string, body: Buffer, signal?: AbortSignal): Promise<void>;
  /** Undefined where there is none. @throws as `put` */
  get(key: string, signal?: AbortSignal): Promise<Buffer | undefined>;
  /** Also where there is none, and what an unfinished `put` left. @throws as `put` */
  remove(key: string, signal?: AbortSignal): Promise<void>;
  /** Keys that begin so. @throws as `put` */
  list(prefix: string, signal?: AbortSignal): AsyncGenerator<string, void>;
}

/** Bytes of an object, compressed. */
export const MOST_BYTES = 64 * 1024 * 1024;

const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/;

/** The key, if no part of it can lead elsewhere. @throws RangeError */
export function checkedKey(key: string): string {
  if (!key.split('/').every((segment) => SEGMENT.test(segment))) throw new RangeError('no key of an archive');
  return key;
}
