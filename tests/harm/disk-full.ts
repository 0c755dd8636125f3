import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { random } from '../../base/random.fixture.ts';
import { journalFacts, journalPath } from '../../threads/journal.ts';
import type { Switchboard } from '../calls/switchboard.ts';
import { until } from '../until.ts';
import { count, figure } from './form.ts';
import { TellingCall } from './telling-call.ts';

const ROUNDS = count({ short: 4, long: 8 });
const CALLS = count({ short: 2, long: 6 });
const SEED = Number(process.env['HARM_SEED'] ?? Date.now() % 1_000_000);

/** Lets no file of the worker's children grow beyond so many bytes: a full disk, for them alone. */
async function mostBytes(board: () => Switchboard, bytes: number | 'unlimited'): Promise<void> {
  const text = await (await fetch(`http://127.0.0.1:${board().stack.ports.worker}/metrics`)).text();
  for (const [, pid = ''] of text.matchAll(/attendant_worker_child_calls\{pid="(\d+)"\}/g))
    execFileSync('prlimit', ['--pid', pid, `--fsize=${bytes}:`]);
}

export function diskFull(board: () => Switchboard): void {
  it(
    `the worker's disk full under ${CALLS} calls, of which half begin on it: they go on, it is said, and each thread is whole (HARM_SEED=${SEED})`,
    { timeout: 600_000 },
    async () => {
      const { stack } = board();
      const pick = random(SEED);
      const place = () => TellingCall.place(board(), pick, { rounds: ROUNDS });
      const calls = await Promise.all(Array.from({ length: CALLS / 2 }, place));
      await Promise.all(calls.map((call) => call.answered()));
      await mostBytes(board, 0);
      onTestFinished(() => mostBytes(board, 'unlimited').catch(() => undefined));
      calls.push(...(await Promise.all(Array.from({ length: CALLS / 2 }, place))));
      const talking = Promise.all(calls.map((call) => call.toItsEnd()));
      await until('it is said', () => stack.logOf('worker').includes('E_JOURNAL_FAILED'));
      await until(
        'it is counted',
        async () => ((await board().metrics()).get('attendant_worker_unjournaled') ?? 0) > 0,
      );
      await talking;
      for (const call of calls) call.check(await call.call.ended());

      // Redis has all of it, so nothing is missed once the disk has room, and the next call is journalled as ever.
      await mostBytes(board, 'unlimited');
      const next = await place();
      await next.toItsEnd();
      const thread = await next.call.ended();
      next.check(thread);
      const journals = join(stack.config.home, '.attendant', 'journal');
      await until(
        'its journal is closed',
        async () => (await journalFacts(journalPath(journals, thread.id, 1)))?.closed === true,
      );
      expect(readdirSync(journals)).not.toContain('replay.lock');
      figure(
        'nothing of a thread is lost or doubled',
        `disk full under ${CALLS} calls: all threads whole, and an alarm`,
      );
    },
  );
}
