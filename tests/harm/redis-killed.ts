import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from 'redis';
import { expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { random } from '../../base/random.fixture.ts';
import type { Organization } from '../../base/ids.ts';
import type { Switchboard } from '../calls/switchboard.ts';
import { count, figure } from './form.ts';
import { TellingCall } from './telling-call.ts';

const KILLS = count({ short: 4, long: 100 });
const CALLS = count({ short: 2, long: 4 });
const ROUNDS = count({ short: 4, long: 12 });
/** Milliseconds for which Redis is left alone, and for which it is away, at most. */
const ALONE = 4_000;
const AWAY = 1_500;
/** Every so many kills it is left alone for so long that calls can be taken over which a LiveKit without Redis has cut off from their worker. */
const REST_EVERY = 5;
const REST = 12_000;
const SEED = Number(process.env['HARM_SEED'] ?? Date.now() % 1_000_000);

export function redisKilled(board: () => Switchboard): void {
  it(
    `Redis killed ${KILLS} times under calls, its disk lost once: each thread is what was said and done (HARM_SEED=${SEED})`,
    { timeout: 1_800_000 },
    async () => {
      const { stack } = board();
      const pick = random(SEED);
      let kills = 0;
      const killing = async (over: AbortSignal) => {
        for (;;) {
          const alone = kills > 0 && kills % REST_EVERY === 0 ? REST : pick(ALONE);
          const isOver = await systemClock.sleep(alone, over).then(
            () => false,
            () => true,
          );
          if (isOver) return;
          await stack.kill('redis');
          kills++;
          if (kills === Math.ceil(KILLS / 2))
            rmSync(join(stack.config.home, '.attendant', 'redis'), { recursive: true });
          await systemClock.sleep(pick(AWAY));
          await stack.restart('redis');
        }
      };
      let calls = 0;
      let entries = 0;
      let takenOver = 0;
      while (kills < KILLS) {
        await board().ready();
        const placed = await Promise.all(
          Array.from({ length: CALLS }, () => TellingCall.place(board(), pick, { rounds: ROUNDS })),
        );
        await Promise.all(placed.map((call) => call.answered()));
        const over = new AbortController();
        const killed = killing(over.signal);
        try {
          await Promise.all(placed.map((call) => call.toItsEnd()));
        } finally {
          over.abort();
          await killed;
        }
        for (const call of placed) {
          const thread = await call.call.ended();
          const { count: held, epochs } = await once(stack.config.redisUrl, thread.organization, thread.id);
          if (epochs === 1) call.check(thread);
          else call.checkTakenOver(thread);
          entries += held;
          if (epochs > 1) takenOver++;
        }
        calls += placed.length;
      }
      figure(
        'nothing of a thread is lost or doubled',
        `Redis killed ${kills} times under ${calls} calls, its disk lost once: ${entries} entries, none missing, none twice; ${takenOver} calls were taken over (HARM_SEED=${SEED})`,
      );
    },
  );
}

/** The entries of a thread as they lie in Redis: each once, none left out, in order; how many, and of how many epochs. */
async function once(
  redisUrl: string,
  organization: Organization,
  id: string,
): Promise<{ count: number; epochs: number }> {
  const redis = createClient({ url: redisUrl });
  await redis.connect();
  try {
    const found = (await redis.xRange(`attendant:{${organization}}:entries:${id}`, '-', '+')) ?? [];
    const numbers = found.map(({ message }) => ({
      epoch: Number(message['epoch']),
      n: Number(message['n']),
    }));
    const epochs = new Set(numbers.map(({ epoch }) => epoch));
    for (const epoch of epochs) {
      const own = numbers.filter((one) => one.epoch === epoch).map(({ n }) => n);
      expect(own).toEqual(own.map((_, i) => i + 1));
    }
    return { count: numbers.length, epochs: epochs.size };
  } finally {
    redis.destroy();
  }
}
