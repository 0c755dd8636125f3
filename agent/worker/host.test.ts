import { Job, JobAssignment } from '@livekit/protocol';
import { expect, test } from 'vitest';
import { createLog } from '../../base/log.ts';
import { Host } from './host.ts';

test('a room beside a call takes a place like another call, and is waited for', async () => {
  const host = new Host({
    capacity: 2,
    log: createLog('worker', 'silent'),
    seat: () => new Promise(() => undefined),
  });
  const job = new Job({ id: 'one' });
  expect(host.accepts(job)).toBe(true);
  host.assigned(new JobAssignment({ job }));

  let finish: () => void = () => undefined;
  const work = new Promise<void>((resolve) => (finish = resolve));
  const beside = host.beside('aside', () => work);
  expect(host.calls).toBe(2);
  expect(host.accepts(new Job({ id: 'two' }))).toBe(false);
  await expect(host.beside('another', () => work)).rejects.toMatchObject({ code: 'E_WORKER_FULL' });
  finish();
  await beside;
  expect(host.calls).toBe(1);
  await expect(host.beside('broken', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(host.calls).toBe(1);
});
