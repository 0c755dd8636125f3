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

test('a call that the agent has left to two others takes a tenth of a place', async () => {
  const joined: (() => void)[] = [];
  const host = new Host({
    capacity: 2,
    log: createLog('worker', 'silent'),
    seat: (_assignment, _stop, onJoined) => {
      joined.push(onJoined);
      return new Promise(() => undefined);
    },
  });
  const take = async (id: string) => {
    const job = new Job({ id });
    const accepted = host.accepts(job);
    if (accepted) host.assigned(new JobAssignment({ job }));
    await Promise.resolve();
    return accepted;
  };
  expect([await take('one'), await take('two'), await take('three')]).toEqual([true, true, false]);
  expect(host.load()).toBe(0.7);
  joined[0]?.();
  expect(host.load()).toBe(0.35);
  expect([await take('three'), await take('four')]).toEqual([true, false]);
  // Twenty of them fill the worker all the same.
  for (let i = 0; i < 19; i++) {
    joined.at(-1)?.();
    await take(`more-${i}`);
  }
  expect(host.calls).toBeLessThan(22);
  expect(await take('too many')).toBe(false);
});
