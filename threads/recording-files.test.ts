import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { FakeClock } from '../base/fake-clock.ts';
import { systemClock } from '../base/clock.ts';
import { createLog } from '../base/log.ts';
import { newThreadId } from '../base/ids.ts';
import { filesIn } from './archive/files.ts';
import { objectsIn } from './archive/s3.ts';
import { startS3 } from './archive/s3.fixture.ts';
import { recordingFiles } from './recording-files.ts';
import { ORGANIZATION } from './thread.fixture.ts';

const log = createLog('test', 'silent');
const id = newThreadId(systemClock.now());
const other = newThreadId(systemClock.now());
const name = (thread: string, part: number) => `${ORGANIZATION}/${thread}/${part}.ogg`;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'attendant-recordings-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function recorded(thread: string, part: number): string {
  const path = join(folder, name(thread, part));
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, 'sound');
  return path;
}

it('the parts of a call are removed from the folder, and nobody else’s', async () => {
  const mine = [recorded(id, 1), recorded(id, 2)];
  const theirs = recorded(other, 1);
  const files = recordingFiles(() => [{ objects: filesIn(folder), prefix: '' }], log);
  expect(await files.erase(ORGANIZATION, id)).toEqual(new Set([name(id, 1), name(id, 2)]));
  expect(mine.map((path) => existsSync(path))).toEqual([false, false]);
  expect(existsSync(theirs)).toBe(true);
  expect(await files.erase(ORGANIZATION, id)).toEqual(new Set());
});

it('they are removed from a bucket by its prefix, which is of names, page by page', async () => {
  const s3 = await startS3({ bucket: 'sound' });
  onTestFinished(() => s3.close());
  const prefix = '2026/rec-';
  for (const key of [name(id, 1), name(id, 2), name(id, 3), name(other, 1)])
    s3.objects.set(prefix + key, Buffer.from('sound'));
  const objects = objectsIn({ ...s3.bucket, prefix: '' }, new FakeClock(systemClock.now()));
  const files = recordingFiles(() => [{ objects, prefix }], log);
  expect(await files.erase(ORGANIZATION, id)).toEqual(new Set([1, 2, 3].map((part) => name(id, part))));
  expect([...s3.objects.keys()]).toEqual([prefix + name(other, 1)]);
});

it('a place that is out of reach keeps none of the others from it', async () => {
  const path = recorded(id, 1);
  const noFolder = join(folder, 'a-file');
  writeFileSync(noFolder, '');
  const places = [noFolder, folder].map((root) => ({ objects: filesIn(root), prefix: '' }));
  expect(await recordingFiles(() => places, log).erase(ORGANIZATION, id)).toEqual(new Set([name(id, 1)]));
  expect(existsSync(path)).toBe(false);
});
