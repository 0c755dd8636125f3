import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { random } from '../../base/random.fixture.ts';
import type { Thread } from '../../threads/thread.ts';
import { switchboard } from '../calls/switchboard.ts';
import type { TestCall } from '../calls/test-call.ts';
import { until } from '../until.ts';
import { count, figure, LONG } from './form.ts';
import { nothingIsLeft } from './leftovers.ts';
import { speakRounds, TellingCall } from './telling-call.ts';

const CALLS = count({ short: 2, long: 6 });
const TIMES = count({ short: 1, long: 5 });
const ROUNDS = 5;
/** A new call is answered so soon after the server is back. Milliseconds. */
const ANSWERED_WITHIN = 5_000;
/** A caller who hears nothing but ringing for so long calls again. */
const PATIENCE = 2_000;
const SEED = Number(process.env['HARM_SEED'] ?? Date.now() % 1_000_000);
const PROMISE = 'servers come and go';

const board = switchboard({ speak: speakRounds });
const pick = random(SEED);
const agains: TestCall[] = [];
afterEach(async () => {
  for (const call of agains.splice(0)) await call.close();
});

async function load(): Promise<TellingCall[]> {
  await board().ready();
  const calls = await Promise.all(
    Array.from({ length: CALLS }, () => TellingCall.place(board(), pick, { rounds: ROUNDS })),
  );
  await Promise.all(calls.map((call) => call.answered()));
  return calls;
}

/** Milliseconds from now until somebody who calls, again and again, is answered. */
async function answeredAgain(): Promise<number> {
  const began = systemClock.now();
  for (;;) {
    const call = await board().call({ turns: [{ say: 'Hello.' }], steps: [{ kind: 'bye' }] });
    agains.push(call);
    const isAnswered = await call.sipp
      .until(({ status, method }) => status === 200 && method === undefined, { within: PATIENCE })
      .then(
        () => true,
        () => false,
      );
    const took = systemClock.now() - began;
    if (isAnswered) {
      expect((await call.done()).passed).toBe(true);
      await call.ended();
      return took;
    }
    if (took > 60_000) throw new Error('nobody is answered within a minute');
    await call.close();
  }
}

/** No caller talks to two agents: of the threads of each call at most one goes on. */
async function oneAgentEach(calls: readonly TellingCall[]): Promise<void> {
  const headers = { 'api-key': board().stack.config.apiKeys[0]?.key ?? '' };
  const active = async ({ call: { uid } }: TellingCall) => {
    const response = await fetch(`${board().apiUrl}/threads?uid=${uid}`, { headers });
    const { threads } = (await response.json()) as { threads: readonly Thread[] };
    return threads.filter(({ status }) => status === 'active').length;
  };
  await until(
    'nobody has two agents',
    async () => (await Promise.all(calls.map(active))).every((agents) => agents < 2),
    { within: 10_000 },
  );
}

function told(what: string, took: readonly number[], left: readonly number[]): void {
  const worst = (all: readonly number[]) => `${(Math.max(...all) / 1_000).toFixed(1)} s`;
  figure(
    PROMISE,
    `${what}, ${took.length} times under ${CALLS} calls: a new call is answered after ${worst(took)} at most, nothing is left after ${worst(left)} (HARM_SEED=${SEED})`,
  );
  // On a machine that does other things too the short form shows only that it is so.
  if (LONG) expect(Math.max(...took)).toBeLessThan(ANSWERED_WITHIN);
}

for (const isEmpty of [false, true])
  it(
    `Redis restarted under ${CALLS} calls${isEmpty ? ', and empty' : ''}: all go on to their end, and new ones are answered (HARM_SEED=${SEED})`,
    { timeout: 900_000 },
    async () => {
      const { stack } = board();
      const took: number[] = [];
      const left: number[] = [];
      for (let time = 0; time < TIMES; time++) {
        const calls = await load();
        const talking = Promise.all(calls.map((call) => call.toItsEnd()));
        await systemClock.sleep(pick(2_000));
        await stack.kill('redis');
        if (isEmpty) rmSync(join(stack.config.home, '.attendant', 'redis'), { recursive: true });
        await systemClock.sleep(pick(2_000));
        await stack.restart('redis');
        took.push(await answeredAgain());
        await oneAgentEach(calls);
        await talking;
        for (const call of calls) call.check(await call.call.ended());
        left.push(await nothingIsLeft(board()));
      }
      told(`redis killed and restarted${isEmpty ? ' empty' : ''}`, took, left);
    },
  );

// Their short form, with one call each, is tests/recovery/servers.test.ts.
for (const part of LONG ? (['livekit', 'sip'] as const) : [])
  it(
    `${part} restarted under ${CALLS} calls: each ends with a reason, and new ones are answered (HARM_SEED=${SEED})`,
    { timeout: 900_000 },
    async () => {
      const { stack } = board();
      const took: number[] = [];
      const left: number[] = [];
      for (let time = 0; time < TIMES; time++) {
        const calls = await load();
        // Those who are asked for digits type none: they wait.
        await systemClock.sleep(pick(2_000));
        await stack.kill(part);
        await systemClock.sleep(pick(1_000));
        await stack.restart(part);
        took.push(await answeredAgain());
        await oneAgentEach(calls);
        for (const { call } of calls) {
          const thread = await call.ended();
          expect(thread.end_reason).toMatchObject({
            result: 'failed',
            reason: expect.stringMatching(/./) as string,
          });
          const called = thread.history.flatMap((message) =>
            'tool_calls' in message ? (message.tool_calls ?? []) : [],
          );
          expect(
            thread.history.filter(({ role }) => role === 'tool'),
            'what ran is closed',
          ).toHaveLength(called.length);
        }
        // Whose telephone has found its way back to LiveKit has a new agent, and hangs up now.
        for (const { call } of calls) await call.close();
        left.push(await nothingIsLeft(board()));
      }
      told(`livekit-${part === 'sip' ? 'sip' : 'server'} killed and restarted`, took, left);
    },
  );
