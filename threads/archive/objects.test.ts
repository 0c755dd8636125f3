import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { newThreadId, type Organization, type ThreadId } from '../../base/ids.ts';
import { foldThread } from '../fold.ts';
import { someStart } from '../thread.fixture.ts';
import { archiveIn } from './archive.ts';
import { filesIn } from './files.ts';
import { objectsIn } from './s3.ts';
import { startS3 } from './s3.fixture.ts';

const s3 = await startS3();
const inS3 = objectsIn(s3.bucket, systemClock);
const folder = mkdtempSync(join(tmpdir(), 'attendant-objects-'));
const root = join(folder, 'archive');
const inFiles = filesIn(root);

afterAll(() => {
  s3.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  s3.failWith(() => false);
  expect(s3.refused).toEqual([]);
});
beforeEach(() => {
  s3.objects.clear();
  s3.asked.length = 0;
  rmSync(root, { recursive: true, force: true });
});

async function all(keys: AsyncIterable<string>): Promise<string[]> {
  const found = [];
  for await (const key of keys) found.push(key);
  return found.sort();
}

describe.each([
  ['files', inFiles],
  ['S3', inS3],
])('objects in %s', (_, objects) => {
  it('are what was put there, or not there', async () => {
    const body = Buffer.from([0, 255, 10, 13, 128]);
    await objects.put('acme/threads/a.1.gz', body);
    expect(await objects.get('acme/threads/a.1.gz')).toEqual(body);
    await objects.put('acme/threads/a.1.gz', Buffer.from('new'));
    expect((await objects.get('acme/threads/a.1.gz'))?.toString()).toBe('new');
    expect(await objects.get('acme/threads/b')).toBeUndefined();
    expect(await objects.get('other/threads/a.1.gz')).toBeUndefined();
    await objects.remove('acme/threads/a.1.gz');
    await objects.remove('acme/threads/a.1.gz');
    expect(await objects.get('acme/threads/a.1.gz')).toBeUndefined();
  });

  it('are listed by what their keys begin with', async () => {
    const keys = ['a', 'b'].flatMap((shard) => [1, 2, 3].map((n) => `acme/threads/${shard}/thr_${n}.x.gz`));
    for (const key of [...keys, 'acme/erased/a/thr_1', 'acme-two/threads/a/thr_1.x.gz'])
      await objects.put(key, Buffer.from('x'));
    expect(await all(objects.list('acme/threads/'))).toEqual(keys);
    expect(await all(objects.list('acme/threads/b/thr_2.'))).toEqual(['acme/threads/b/thr_2.x.gz']);
    expect(await all(objects.list('acme/erased/'))).toEqual(['acme/erased/a/thr_1']);
    expect(await all(objects.list('nobody/threads/'))).toEqual([]);
  });

  it('have no key that leads anywhere else', async () => {
    for (const key of [
      '../x',
      'a/../../x',
      '/etc/x',
      'a//b',
      'a/.b',
      'a\\..\\b',
      'a/b?c',
      'a/%2e%2e/b',
      'a/b\0',
      '',
    ])
      for (const ask of [
        () => objects.put(key, Buffer.from('x')),
        () => objects.get(key),
        () => objects.remove(key),
      ])
        await expect(Promise.resolve().then<unknown>(ask), key).rejects.toThrow(RangeError);
    const archive = archiveIn(objects);
    const odd = '../../x' as ThreadId;
    await expect(archive.versions('default' as Organization, odd)).rejects.toThrow(RangeError);
    await expect(archive.versions('../x' as Organization, someStart().id)).rejects.toThrow(RangeError);
    expect(readdirSync(folder)).not.toContain('x');
  });

  it('hold a thread with its entries, in as many versions as were written, until all of it is removed', async () => {
    const archive = archiveIn(objects);
    const start = someStart();
    const { organization, id } = start;
    const entries = [{ id: '1-0', epoch: 1, n: 1, entry: { kind: 'started', start } as const }];
    const thread = foldThread(entries);
    if (!thread) throw new Error('no thread');
    const versions = ['0123456789ab', 'ba9876543210'];
    for (const version of versions) await archive.put(thread, entries, version);
    expect(await archive.read(organization, id, '0123456789ab')).toEqual(entries);
    expect((await archive.versions(organization, id)).sort()).toEqual(versions);
    await archive.put({ ...thread, id: newThreadId(0) }, entries, '0123456789ab');
    const found = [];
    for await (const each of archive.threads(organization, new AbortController().signal)) found.push(each);
    expect(found).toHaveLength(2);
    await archive.removeAll(organization, id);
    expect(await archive.read(organization, id, '0123456789ab')).toBeUndefined();
    // What is none of ours is an error, not a thread.
    const path = `${organization}/threads/${id.slice(4, 10)}/${id}.0123456789ab.json.gz`;
    for (const broken of [
      Buffer.from('x'),
      gzipSync('{}'),
      gzipSync('{"archive":2}'),
      gzipSync('{"archive":1,"id":"thr_x"}'),
    ]) {
      await objects.put(path, broken);
      await expect(archive.read(organization, id, '0123456789ab')).rejects.toMatchObject({
        code: 'E_ARCHIVE_UNREACHABLE',
      });
    }
  });

  it('are not asked for once the signal has aborted', async () => {
    const signal = AbortSignal.abort(new Error('over'));
    await expect(objects.put('a/b', Buffer.from('x'), signal)).rejects.toThrow('over');
    expect(await objects.get('a/b')).toBeUndefined();
  });
});

describe('files', () => {
  it('are readable by their owner alone, and what is unfinished is none', async () => {
    await inFiles.put('acme/threads/a/x.1.gz', Buffer.from('x'));
    const path = join(root, 'acme', 'threads', 'a');
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, 'x.1.gz')).mode & 0o777).toBe(0o600);
    expect(readdirSync(path)).toEqual(['x.1.gz']);
    // Left by who was killed: found with its key, and removed with it.
    writeFileSync(join(path, 'y.1.gz.0123456789ab.tmp'), 'half');
    expect(await inFiles.get('acme/threads/a/y.1.gz')).toBeUndefined();
    expect(await all(inFiles.list('acme/threads/a/y.'))).toEqual(['acme/threads/a/y.1.gz']);
    await inFiles.remove('acme/threads/a/y.1.gz');
    expect(readdirSync(path)).toEqual(['x.1.gz']);
  });

  it('replace what is in their place and write through no link', async () => {
    const outside = join(folder, 'outside');
    await inFiles.put('acme/a', Buffer.from('x'));
    symlinkSync(outside, join(root, 'acme', 'b'));
    await inFiles.put('acme/b', Buffer.from('x'));
    expect(existsSync(outside)).toBe(false);
  });

  it('say that the folder is not there or not ours', async () => {
    writeFileSync(root, 'a file');
    await expect(inFiles.put('acme/a', Buffer.from('x'))).rejects.toMatchObject({
      code: 'E_ARCHIVE_UNREACHABLE',
    });
  });
});

describe('S3', () => {
  it('is tried again where it is busy, fails or breaks off, and only then', async () => {
    let times = 0;
    const faults = [503, 429, 0];
    s3.failWith((request, response) => {
      const status = faults[times++];
      if (status === undefined) return false;
      if (status === 0) request.socket.destroy();
      else response.writeHead(status).end('<Error><Code>SlowDown</Code></Error>');
      return true;
    });
    await inS3.put('a/b', Buffer.from('x'));
    expect(times).toBe(4);
    s3.failWith((_, response) => {
      response.writeHead(500).end('<Error><Code>InternalError</Code></Error>');
      return true;
    });
    s3.asked.length = 0;
    await expect(inS3.get('a/b')).rejects.toThrow('S3 answers 500 InternalError');
    expect(s3.asked).toHaveLength(4);
  });

  it('follows no redirect and takes a bucket that is gone for no empty one', async () => {
    s3.failWith((_, response) => {
      response.writeHead(307, { location: 'http://169.254.169.254/' }).end();
      return true;
    });
    await expect(inS3.get('a/b')).rejects.toThrow('S3 answers 307');
    expect(s3.asked).toEqual(['GET /threads/calls/old/a/b']);
    s3.failWith(() => false);
    const gone = objectsIn({ ...s3.bucket, bucket: 'gone' }, systemClock);
    await expect(gone.get('a/b')).rejects.toMatchObject({ code: 'E_ARCHIVE_UNREACHABLE' });
    await expect(all(gone.list('a/'))).rejects.toThrow('NoSuchBucket');
  });

  it('is told nothing by who has the wrong key, and errors name no key', async () => {
    const wrong = objectsIn({ ...s3.bucket, secretKey: 'wrong-secret' }, systemClock);
    const error = await wrong.put('a/b', Buffer.from('x')).catch((cause: unknown) => cause as Error);
    expect(String(error)).toContain('SignatureDoesNotMatch');
    expect(String(error)).not.toMatch(/wrong-secret|AKIDEXAMPLE/);
    expect(s3.objects.size).toBe(0);
    s3.refused.length = 0;
  });

  it('reads no more of an answer than an object may have', async () => {
    s3.failWith((_, response) => {
      response.writeHead(400);
      const more = () => {
        while (response.write(Buffer.alloc(64 * 1024)));
        response.once('drain', more);
      };
      more();
      return true;
    });
    await expect(inS3.put('a/b', Buffer.from('x'))).rejects.toThrow('more than 1048576 bytes');
  });
});
