import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AttendantError, reasonOf } from '../../base/errors.ts';
import { checkedKey, MOST_BYTES, type Objects } from './objects.ts';

/** What follows the name of a file that is being written, by somebody or by who was killed in the midst of it. */
const UNFINISHED = /\.[0-9a-f]{12}\.tmp$/;
/** How often a file is written anew that somebody removed while it was being written. */
const TRIES = 5;

/** Objects as files below a folder, for its owner alone. A file appears whole, by its name, once it is on the disk. */
export function filesIn(folder: string): Objects {
  const pathOf = (key: string) => join(folder, ...checkedKey(key).split('/'));
  return {
    put: (key, body, signal) =>
      reaching(async () => {
        const path = pathOf(key);
        for (let attempt = 1; ; attempt++) {
          signal?.throwIfAborted();
          if (await write(path, body, attempt < TRIES)) return;
        }
      }, signal),
    get: (key, signal) =>
      reaching(
        () =>
          unlessMissing(() =>
            withFile(pathOf(key), 'r', async (file) => {
              const { size } = await file.stat();
              if (size > MOST_BYTES) throw new Error(`a file of ${size} bytes`);
              return file.readFile();
            }),
          ),
        signal,
      ),
    remove: (key, signal) =>
      reaching(async () => {
        const path = pathOf(key);
        await rm(path, { force: true });
        for (const name of (await unlessMissing(() => readdir(dirname(path)))) ?? [])
          if (UNFINISHED.test(name) && name.replace(UNFINISHED, '') === basename(path))
            await rm(join(dirname(path), name), { force: true });
      }, signal),
    list: (prefix, signal) => {
      const slash = prefix.lastIndexOf('/');
      const inside = slash < 0 ? '' : prefix.slice(0, slash);
      if (inside !== '') checkedKey(inside);
      return below(folder, inside, prefix, signal);
    },
  };
}

/** False where somebody removed it meanwhile, and it may be tried again. */
async function write(path: string, body: Buffer, mayFail: boolean): Promise<boolean> {
  const folder = dirname(path);
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    await withFile(temporary, 'wx', async (file) => {
      await file.writeFile(body);
      await file.sync();
    });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    if (mayFail && (cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw cause;
  }
  await syncFolders(folder, made === undefined ? folder : dirname(made));
  return true;
}

/** Keys below a folder of the archive, an unfinished file under the key that it would have had. */
async function* below(
  root: string,
  inside: string,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<string, void> {
  const path = join(root, inside);
  const entries = await reaching(() => unlessMissing(() => readdir(path, { withFileTypes: true })), signal);
  const keys = new Set<string>();
  for (const entry of entries ?? []) {
    const key = inside === '' ? entry.name : `${inside}/${entry.name}`;
    if (entry.isDirectory()) {
      if (key.startsWith(prefix) || `${key}/`.startsWith(prefix)) yield* below(root, key, prefix, signal);
    } else if (key.startsWith(prefix)) keys.add(key.replace(UNFINISHED, ''));
  }
  yield* keys;
}

/** What the rename wrote into folders must be on the disk too before anything is taken out of Redis. */
async function syncFolders(from: string, to: string): Promise<void> {
  for (let folder = from; ; folder = dirname(folder)) {
    await withFile(folder, 'r', (file) => file.sync());
    if (folder === to || dirname(folder) === folder) return;
  }
}

async function withFile<T>(path: string, flags: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, flags, 0o600);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

async function unlessMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}

async function reaching<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  signal?.throwIfAborted();
  try {
    return await work();
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof RangeError) throw cause;
    throw new AttendantError('E_ARCHIVE_UNREACHABLE', `the archive's folder: ${reasonOf(cause)}`, { cause });
  }
}
