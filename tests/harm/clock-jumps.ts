import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { random } from '../../base/random.fixture.ts';
import type { Switchboard } from '../calls/switchboard.ts';
import { until } from '../until.ts';
import { count, figure } from './form.ts';
import { TellingCall } from './telling-call.ts';

const ROUNDS = count({ short: 6, long: 12 });
const CALLS = count({ short: 1, long: 4 });
const HOUR = 3_600_000;
const SEED = Number(process.env['HARM_SEED'] ?? Date.now() % 1_000_000);

/** The wall's clock of a stack's worker and API, which a test sets. */
export interface WallClock {
  /** What makes their processes heed it. */
  readonly env: Readonly<Record<string, string>>;
  /** Sets it, by so many milliseconds from what it is. */
  set(off: number): void;
}

/** @param folder of the test's own. */
export function wallClock(folder: string): WallClock {
  const file = join(folder, 'off');
  const script = pathToFileURL(join(import.meta.dirname, '../doubles/wall-clock.mjs')).href;
  return {
    env: { NODE_OPTIONS: `--import ${script}`, TEST_WALL_CLOCK: file },
    set: (off) => {
      writeFileSync(`${file}.new`, String(off));
      renameSync(`${file}.new`, file);
    },
  };
}

export function clockJumps(board: () => Switchboard, clock: WallClock): void {
  it(
    `the clock of worker and API set an hour forward and back under ${CALLS} calls: they go on, and their threads are in order (HARM_SEED=${SEED})`,
    { timeout: 600_000 },
    async () => {
      const pick = random(SEED);
      const calls = await Promise.all(
        Array.from({ length: CALLS }, () => TellingCall.place(board(), pick, { rounds: ROUNDS })),
      );
      await Promise.all(calls.map((call) => call.answered()));
      const talking = Promise.all(calls.map((call) => call.toItsEnd()));
      let jumps = 0;
      // LiveKit, whose clock stays, ends a room only for who tells the same time: all is right again before the last round.
      for (let round = 1; round < ROUNDS - 1; round++) {
        await until(`round ${round}`, () => calls.every(({ call }) => call.asked.length > round));
        clock.set(round === ROUNDS - 2 ? 0 : round % 2 === 0 ? -HOUR : HOUR);
        jumps++;
      }
      await talking;
      for (const call of calls) {
        const thread = await call.call.ended();
        call.check(thread);
        expect(thread.warnings).toEqual([]);
        const times = thread.history.map(({ created_at }) => Date.parse(created_at));
        expect(Math.max(...times) - Math.min(...times), 'the clock did jump').toBeGreaterThan(HOUR);
      }
      figure(
        'nothing of a thread is lost or doubled',
        `clocks set by an hour ${jumps} times under ${CALLS} calls: all threads whole`,
      );
    },
  );
}
