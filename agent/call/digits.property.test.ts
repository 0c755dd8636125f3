import { expect, test } from 'vitest';
import { FakeClock } from '../../base/fake-clock.ts';
import { random } from '../../base/random.fixture.ts';
import { Digits } from './digits.ts';

const SCHEDULES = 600;
const STEPS = 40;

/** Plays one random call: turns, keys, collections, words and pauses in any order; every key is a letter of its own. */
async function play(seed: number): Promise<{ pressed: string; taken: string }> {
  const below = random(seed);
  const clock = new FakeClock();
  const taken: string[] = [];
  const digits = new Digits(clock, (keys) => taken.push(keys));
  const collections: Promise<unknown>[] = [];
  let pressed = '';
  const press = () => {
    const key = String.fromCodePoint(0x4e00 + pressed.length);
    pressed += key;
    digits.press(key);
  };
  for (let step = 0; step < STEPS; step++) {
    switch (below(9)) {
      case 0:
        digits.turnBegan();
        break;
      case 1:
        digits.turnEnded();
        break;
      case 2:
      case 3:
      case 4:
        press();
        break;
      case 5: {
        const collection = digits.collect({
          digits: below(2) ? 1 + below(5) : undefined,
          minDigits: below(3) ? undefined : 1 + below(4),
          firstDigitTimeout: 30_000,
          interDigitTimeout: 10_000,
          ...(below(4) ? {} : { onlyAfterPause: 1_000, endsAtWords: () => below(2) === 0 }),
        });
        collections.push(collection.result.then((result) => taken.push(result.digits)));
        if (below(2)) collection.agentFellSilent();
        break;
      }
      case 6:
        digits.heard('Wait');
        break;
      case 7:
        await clock.advance(below(4_000));
        break;
      default:
        await clock.advance(below(40_000));
    }
  }
  digits.hungUp();
  if (below(3) === 0) press();
  await Promise.all(collections);
  expect(clock.pending, `timers left by schedule ${seed}`).toBe(0);
  return { pressed, taken: taken.join('') };
}

test('every key reaches exactly one taker, whatever the order of turns, keys, tools and words', async () => {
  for (let seed = 1; seed <= SCHEDULES; seed++) {
    const { pressed, taken } = await play(seed);
    expect([...new Set(taken)].length, `a key twice in schedule ${seed}`).toBe(taken.length);
    expect(Array.from(taken).sort().join(''), `a key lost in schedule ${seed}`).toBe(pressed);
  }
});
