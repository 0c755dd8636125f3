import { Job, JobAssignment } from '@livekit/protocol';
import { expect, test } from 'vitest';
import { createLog } from '../../base/log.ts';
import { Host } from './host.ts';

const never = () => new Promise<void>(() => undefined);
const common = {
  capacity: 2,
  strain: { over: undefined, pressure: 0 },
  log: createLog('worker', 'silent'),
  seat: never,
  turnAway: never,
};

test('a room beside a call takes a place like another call, and is waited for', async () => {
  const host = new Host(common);
  host.roomElsewhere = true;
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
    ...common,
    seat: (_assignment, _stop, onJoined) => {
      joined.push(onJoined);
      return new Promise(() => undefined);
    },
  });
  host.roomElsewhere = true;
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

test('a call beyond the places is left to others, and turned away where none of them has one', async () => {
  const away: string[] = [];
  const host = new Host({
    ...common,
    turnAway: ({ job }) => {
      away.push(job?.id ?? '');
      return never();
    },
  });
  const take = async (job: Job) => {
    const accepted = host.accepts(job);
    if (accepted) host.assigned(new JobAssignment({ job }));
    await Promise.resolve();
    return accepted;
  };
  host.roomElsewhere = true;
  await take(new Job({ id: 'one' }));
  await take(new Job({ id: 'two' }));
  expect(host.load(), 'nobody need ask').toBe(0.7);
  expect(await take(new Job({ id: 'three' }))).toBe(false);

  host.roomElsewhere = false;
  expect(host.load(), 'it is to be asked').toBeLessThan(0.7);
  expect(await take(new Job({ id: 'four' }))).toBe(true);
  expect(away).toEqual(['four']);
  const ordered = '{"order": "thr_01JD3T5X0E1Y2K3M4N5P6Q7R8S", "organization": "default"}';
  expect(await take(new Job({ id: 'five', metadata: ordered })), 'what is ordered waits').toBe(false);

  // A flood is told by the trunk: nobody joins in for it.
  for (let i = 0; i < 60; i++) await take(new Job({ id: `flood-${i}` }));
  expect(away).toHaveLength(50);
  expect(host.load()).toBe(0.7);
});

test('a child that has places, and no time, takes no call', () => {
  const strain: { over: 'loop' | undefined; pressure: number } = { over: undefined, pressure: 0.5 };
  const host = new Host({ ...common, strain });
  host.roomElsewhere = true;
  expect(host.load()).toBe(0.35);
  strain.over = 'loop';
  expect(host.full).toBe(true);
  expect(host.accepts(new Job({ id: 'one' }))).toBe(false);
});
