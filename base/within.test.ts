import { expect, test } from 'vitest';
import { FakeClock } from './fake-clock.ts';
import { within } from './within.ts';

const never = new Promise<never>(() => undefined);

test('what comes in time is what is given, and no timer stays', async () => {
  const clock = new FakeClock();
  await expect(within(Promise.resolve(7), 1_000, { what: 'it', clock })).resolves.toBe(7);
  await expect(within(Promise.reject(new Error('no')), 1_000, { what: 'it', clock })).rejects.toThrow('no');
  expect(clock.pending).toBe(0);
});

test('what does not come in time is an error that says so', async () => {
  const clock = new FakeClock();
  const waiting = expect(within(never, 1_000, { what: 'the caller', clock })).rejects.toMatchObject({
    code: 'E_TIMEOUT',
    message: 'the caller took more than 1000 ms',
  });
  await clock.advance(1_000);
  await waiting;
});

test('a signal ends the waiting with its reason', async () => {
  const clock = new FakeClock();
  const over = new AbortController();
  const waiting = within(never, 1_000, { what: 'it', clock, signal: over.signal });
  over.abort(new Error('the call is over'));
  await expect(waiting).rejects.toThrow('the call is over');
  expect(clock.pending).toBe(0);
});
