import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../base/fake-clock.ts';
import type { CollectionRequest } from '../tools/tool.ts';
import { Digits } from './digits.ts';

const nine: CollectionRequest = {
  digits: 9,
  minDigits: undefined,
  firstDigitTimeout: 30_000,
  interDigitTimeout: 10_000,
};
const open: CollectionRequest = { ...nine, digits: undefined };

function keypad() {
  const clock = new FakeClock();
  const unclaimed: string[] = [];
  const digits = new Digits(clock, (keys) => unclaimed.push(keys));
  const press = (keys: string) => Array.from(keys).forEach((key) => digits.press(key));
  return { clock, digits, press, unclaimed };
}

describe('a collection', () => {
  test('ends at once on the expected count', async () => {
    const { digits, press } = keypad();
    const { result } = digits.collect(nine);
    press('123456789');
    expect(await result).toEqual({ digits: '123456789', terminator: null, ended_by: 'count' });
  });

  test('swallows the pound that follows the expected count, and no later one', async () => {
    const { clock, digits, press, unclaimed } = keypad();
    const { result } = digits.collect({ ...nine, digits: 2 });
    press('12');
    expect(digits.press('#'), 'it silences no read-back').toBe(false);
    await result;
    await clock.advance(60_000);
    expect(unclaimed).toEqual([]);
    press('#');
    await clock.advance(60_000);
    expect(unclaimed).toEqual(['#']);
  });

  test('ends on pound with what was typed', async () => {
    const { digits, press } = keypad();
    const { result } = digits.collect(nine);
    press('1234#');
    expect(await result).toEqual({ digits: '1234', terminator: '#', ended_by: 'terminator' });
  });

  test('starts over on star', async () => {
    const { digits, press } = keypad();
    const { result } = digits.collect(nine);
    press('1234*987654321');
    expect(await result).toEqual({ digits: '987654321', terminator: null, ended_by: 'count' });
  });

  test('counts the wait for the first digit from the end of the agent’s speech', async () => {
    const { clock, digits } = keypad();
    const collection = digits.collect(nine);
    let ended = false;
    void collection.result.then(() => (ended = true));
    await clock.advance(300_000);
    expect(ended).toBe(false);
    collection.agentFellSilent();
    await clock.advance(29_999);
    expect(ended).toBe(false);
    await clock.advance(1);
    expect(await collection.result).toEqual({ digits: '', terminator: null, ended_by: 'timeout' });
  });

  test('returns partial digits when none follows', async () => {
    const { clock, digits, press } = keypad();
    const collection = digits.collect(nine);
    collection.agentFellSilent();
    press('1234');
    await clock.advance(10_000);
    expect(await collection.result).toEqual({ digits: '1234', terminator: null, ended_by: 'timeout' });
  });

  test('waits the long time below the least number of digits', async () => {
    const { clock, digits, press } = keypad();
    const collection = digits.collect({ ...open, minDigits: 3 });
    press('12');
    await clock.advance(20_000);
    press('3');
    await clock.advance(10_000);
    expect(await collection.result).toMatchObject({ digits: '123', ended_by: 'timeout' });
  });

  test('ends as speech when the caller talks and presses nothing more', async () => {
    const { clock, digits, press } = keypad();
    const collection = digits.collect(nine);
    press('1234');
    digits.heard('Wait');
    await clock.advance(3_000);
    expect(await collection.result).toEqual({ digits: '1234', terminator: null, ended_by: 'speech' });
  });

  test('goes on when keys follow what the caller said', async () => {
    const { clock, digits, press } = keypad();
    const collection = digits.collect(nine);
    press('1234');
    digits.heard('Wait');
    await clock.advance(2_000);
    press('*123456789');
    expect(await collection.result).toMatchObject({ digits: '123456789', ended_by: 'count' });
  });

  test('ends with what it has when the caller hangs up, also when begun after it', async () => {
    const { digits, press } = keypad();
    const { result } = digits.collect(nine);
    press('12');
    digits.hungUp();
    expect(await result).toEqual({ digits: '12', terminator: null, ended_by: 'hangup' });
    expect(await digits.collect(nine).result).toMatchObject({ ended_by: 'hangup' });
  });

  test('leaves no timer behind', async () => {
    const { clock, digits, press } = keypad();
    const collection = digits.collect(nine);
    collection.agentFellSilent();
    press('123456789');
    await collection.result;
    expect(clock.pending).toBe(0);
  });
});

describe('type-ahead', () => {
  test('gives a collection what was pressed since the agent’s turn began', async () => {
    const { digits, press } = keypad();
    digits.turnBegan();
    press('123');
    const { result } = digits.collect({ ...nine, digits: 4 });
    press('4');
    expect(await result).toMatchObject({ digits: '1234', ended_by: 'count' });
  });

  test('keeps what was typed beyond the count for the next collection', async () => {
    const { digits, press } = keypad();
    digits.turnBegan();
    press('12#34');
    expect(await digits.collect({ ...nine, digits: 2 }).result).toMatchObject({ digits: '12' });
    expect(await digits.collect({ ...nine, digits: 2 }).result).toMatchObject({ digits: '34' });
  });

  test('does not claim what was pressed before the turn began; the model is told of it', async () => {
    const { clock, digits, press, unclaimed } = keypad();
    press('7');
    digits.turnBegan();
    const { result } = digits.collect({ ...nine, digits: 1 });
    press('1');
    expect(await result).toMatchObject({ digits: '1' });
    digits.turnEnded();
    await clock.advance(2_000);
    expect(unclaimed).toEqual(['7']);
  });
});

describe('keys that no tool claims', () => {
  test('reach the model together when the caller pauses', async () => {
    const { clock, press, unclaimed } = keypad();
    press('1');
    await clock.advance(1_000);
    press('2');
    await clock.advance(1_499);
    expect(unclaimed).toEqual([]);
    await clock.advance(1);
    expect(unclaimed).toEqual(['12']);
  });

  test('wait for the end of the agent’s turn, which may still claim them', async () => {
    const { clock, digits, press, unclaimed } = keypad();
    digits.turnBegan();
    press('5');
    await clock.advance(60_000);
    expect(unclaimed).toEqual([]);
    digits.turnEnded();
    await clock.advance(1_500);
    expect(unclaimed).toEqual(['5']);
  });

  test('are bounded', async () => {
    const { clock, press, unclaimed } = keypad();
    press('1'.repeat(10_000));
    await clock.advance(2_000);
    expect(unclaimed[0]).toHaveLength(64);
  });
});

test('a key that arrives after the hang-up was pressed before it, and is told', () => {
  const { digits, unclaimed } = keypad();
  digits.hungUp();
  expect(digits.press('4')).toBe(false);
  expect(unclaimed).toEqual(['4']);
});
