import { expect, test } from 'vitest';
import { FakeClock } from '../../base/fake-clock.ts';
import { Quiet, type Turn } from './quiet.ts';

function line() {
  const clock = new FakeClock();
  const state = { turn: 'caller' as Turn, lastSound: clock.now() };
  const quiet = new Quiet({ clock, turn: () => state.turn, lastSound: () => state.lastSound });
  const heard = { caller: 0, agent: 0 };
  quiet.watch('caller', (ms) => (heard.caller = ms));
  quiet.watch('agent', (ms) => (heard.agent = ms));
  quiet.start();
  return { clock, state, quiet, heard };
}

test('silence counts from the last sound of either side', async () => {
  const { clock, state, heard } = line();
  await clock.advance(4_000);
  expect(heard.caller).toBeGreaterThanOrEqual(3_600);
  state.lastSound = clock.now();
  await clock.advance(1_000);
  expect(heard.caller).toBeLessThanOrEqual(1_000);
});

test('the wait for a reply began with the last word of the caller, however late it is known that a reply is due', async () => {
  const { clock, state, heard } = line();
  await clock.advance(2_000);
  state.turn = 'agent';
  await clock.advance(400);
  expect(heard.agent).toBeGreaterThanOrEqual(2_000);
});

test('while a tool runs nobody is waited for, and afterwards the count begins at nothing', async () => {
  const { clock, state, heard } = line();
  state.turn = 'nobody';
  await clock.advance(60_000);
  expect(heard).toEqual({ caller: 0, agent: 0 });
  state.turn = 'agent';
  await clock.advance(1_000);
  expect(heard.agent).toBeLessThanOrEqual(1_000);
});

test('a key starts the count anew', async () => {
  const { clock, quiet, heard } = line();
  await clock.advance(10_000);
  quiet.stir();
  await clock.advance(1_000);
  expect(heard.caller).toBeLessThanOrEqual(1_000);
});

test('a clock that is set forward or back is no silence, and hides none', async () => {
  for (const hour of [3_600_000, -3_600_000]) {
    const { clock, quiet, heard } = line();
    quiet.stir();
    clock.jump(hour);
    await clock.advance(5_000);
    expect(heard.caller).toBeGreaterThanOrEqual(4_600);
    expect(heard.caller).toBeLessThanOrEqual(5_000);
  }
});

test('once stopped nothing is told any more, and no timer is left', async () => {
  const { clock, quiet, heard } = line();
  quiet.stop();
  await clock.advance(10_000);
  expect(heard.caller).toBe(0);
  expect(clock.pending).toBe(0);
});
