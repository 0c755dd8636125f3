import { expect, test } from 'vitest';
import { FakeClock } from '../../../base/fake-clock.ts';
import { unlessAborted } from '../../../base/unless-aborted.ts';
import { Budget } from './budget.ts';

const reasonOf = ({ signal }: Budget) => (signal.reason as { reason: string } | undefined)?.reason;

test('a server without a sign of life is out of time', async () => {
  const clock = new FakeClock();
  const budget = new Budget(clock, 3_000);
  await clock.advance(2_900);
  expect(budget.signal.aborted).toBe(false);
  await clock.advance(200);
  expect(reasonOf(budget)).toBe('timeout');
});

test('each sign of life gives as much time again; one that stops has stalled', async () => {
  const clock = new FakeClock();
  const budget = new Budget(clock, 3_000);
  for (let i = 0; i < 5; i++) {
    await clock.advance(2_000);
    budget.signOfLife();
  }
  expect(budget.signal.aborted).toBe(false);
  await clock.advance(3_100);
  expect(reasonOf(budget)).toBe('stalled');
});

test('a sentence has no time to lose before the one in front of it is said', async () => {
  const clock = new FakeClock();
  const before = clock.sleep(10_000);
  const budget = new Budget(clock, 2_500, before);
  await clock.advance(9_000);
  expect(budget.signal.aborted).toBe(false);
  await clock.advance(4_000);
  expect(reasonOf(budget)).toBe('timeout');
});

test('once done it leaves no timer', async () => {
  const clock = new FakeClock();
  const budget = new Budget(clock, 3_000);
  await clock.advance(1);
  budget.done();
  budget.signOfLife();
  expect(clock.pending).toBe(0);
});

test('a wait ends with the signal’s reason, or with the promise', async () => {
  const over = new AbortController();
  expect(await unlessAborted(Promise.resolve(1), over.signal)).toBe(1);
  const wait = unlessAborted(new Promise<never>(() => undefined), over.signal);
  over.abort(new Error('enough'));
  await expect(wait).rejects.toThrow('enough');
});
