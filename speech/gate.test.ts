import { describe, expect, it } from 'vitest';
import { FakeClock } from '../base/fake-clock.ts';
import { ApiError } from './api-error.ts';
import { Gate } from './gate.ts';

const never = new AbortController().signal;

function gate(limits: { places: number; mostWaiting: number }) {
  const clock = new FakeClock();
  return { clock, gate: new Gate(clock, { ...limits, longestWait: 1_000 }) };
}

/** Work that ends when told to. */
function work() {
  let end: () => void = () => undefined;
  const done = new Promise<void>((resolve) => (end = resolve));
  const started = { yes: false };
  return {
    end: () => end(),
    started,
    run: () => {
      started.yes = true;
      return done;
    },
  };
}

describe('a gate', () => {
  it('lets so many in and the next when one is done, also one that failed', async () => {
    const { gate: door } = gate({ places: 1, mostWaiting: 5 });
    const second = work();
    const first = door.run(() => Promise.reject(new Error('failed')), never);
    const waiting = door.run(second.run, never);
    expect(second.started.yes).toBe(false);
    await expect(first).rejects.toThrow('failed');
    second.end();
    await waiting;
    await door.run(() => Promise.resolve(), never);
  });

  it('refuses at once when too many wait', async () => {
    const { gate: door } = gate({ places: 1, mostWaiting: 0 });
    const first = work();
    const running = door.run(first.run, never);
    await expect(door.run(() => Promise.resolve(), never)).rejects.toThrow(ApiError);
    first.end();
    await running;
  });

  it('refuses who waited too long, and does not let them in later', async () => {
    const { gate: door, clock } = gate({ places: 1, mostWaiting: 5 });
    const [first, second] = [work(), work()];
    const running = door.run(first.run, never);
    const refused = expect(door.run(second.run, never)).rejects.toMatchObject({ status: 503 });
    await clock.advance(1_000);
    await refused;
    first.end();
    await running;
    expect(second.started.yes).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it('lets who goes away leave the queue', async () => {
    const { gate: door, clock } = gate({ places: 1, mostWaiting: 5 });
    const [first, second] = [work(), work()];
    const running = door.run(first.run, never);
    const leaving = new AbortController();
    const left = expect(door.run(second.run, leaving.signal)).rejects.toThrow('gone');
    leaving.abort(new Error('gone'));
    await left;
    first.end();
    await running;
    expect(second.started.yes).toBe(false);
    expect(clock.pending).toBe(0);
  });
});
