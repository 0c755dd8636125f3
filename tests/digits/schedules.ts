import { random } from '../../base/random.fixture.ts';
import { expect, it } from 'vitest';
import { KEY_MS } from '../../rehearsal/key-capture.ts';
import type { SippStep } from '../../rehearsal/sipp-scenario.ts';
import type { Thread } from '../../threads/thread.ts';
import type { Switchboard } from '../calls/switchboard.ts';
import { lines, type TestCall, type Turn } from '../calls/test-call.ts';

const BATCHES = 3;
const AT_ONCE = 4;
/** Every key of a call is another one, so that each can be told from the others wherever it turns up. */
const KEYS = '0123456789ad';
const TURNS = 8;
/** Set it to the seed that a failure names to play the same calls again. */
const SEED = Number(process.env['DIGITS_SEED'] ?? Math.floor(Math.random() * 1e9));

/** What the model does, turn by turn: it talks, or asks for digits, once or twice, some by a prompt of the tool's. */
function turnsOf(below: (n: number) => number): Turn[] {
  const collect = () => ({
    name: 'receive_dtmf',
    args: {
      timeout: 1 + below(3),
      ...(below(2) ? { digits: 1 + below(4) } : {}),
      ...(below(4) ? {} : { prompt: 'Please type.' }),
    },
  });
  return Array.from({ length: TURNS }, () => {
    const say = 'Well, well. '.repeat(below(5)) || 'Yes?';
    return [{ say }, { say, call: [collect()] }, { call: [collect(), collect()] }][below(3)] ?? {};
  });
}

/**
 * What the caller does once the agent is in the call: presses every key, at any time, talks in between, and hangs up soon after. SIPp cuts off
 * a key that sounds while it is told to press the next, so there is a key's time between.
 */
function stepsOf(below: (n: number) => number, sentence: string): SippStep[] {
  const steps: SippStep[] = [{ kind: 'cue' }];
  let left = Array.from(KEYS)
    .sort(() => below(3) - 1)
    .join('');
  while (left !== '') {
    const count = 1 + below(4);
    steps.push({ kind: 'press', digits: left.slice(0, count) });
    left = left.slice(count);
    if (below(4) === 0) steps.push({ kind: 'play', file: sentence });
    steps.push({ kind: 'pause', ms: KEY_MS + below(3) * below(1_000) });
  }
  return [...steps, { kind: 'pause', ms: 500 + below(1_000) }, { kind: 'bye' }];
}

/** Every key that the thread has, in collections and as keys that no tool asked for. */
function keysOf({ digits, history }: Thread): string {
  const unasked = history.flatMap((message) =>
    message.role === 'user' ? [/^\[pressed (.*)\]$/.exec(message.content)?.[1] ?? ''] : [],
  );
  return [...digits.map((collection) => collection.digits), ...unasked].join('');
}

/** Milliseconds. LiveKit gives a job up that a busy worker does not take within 3 s, and such a call rings on without an agent. */
const TAKEN_WITHIN = 60_000;

/** A call that an agent is in: greeted, and listening. One that no worker got is placed once more. */
async function inCall(place: () => Promise<TestCall>): Promise<TestCall> {
  const greeted = ({ answered_at, history }: Thread) => answered_at !== null && history.length > 0;
  const first = await place();
  try {
    await first.threadWith('is answered and greeted', greeted, { within: TAKEN_WITHIN });
    return first;
  } catch (error) {
    if (await first.thread()) throw error;
  }
  await first.close();
  const second = await place();
  await second.threadWith('is answered and greeted', greeted);
  return second;
}

export function schedules(board: () => Switchboard): void {
  it(`is on the thread exactly once, whatever the order of keys, words, tools and hang-up (DIGITS_SEED=${SEED})`, async () => {
    const sentence = await board().sentence('Well I am not so sure about that');
    const play = async (number: number) => {
      const below = random(SEED + number);
      const agent = ['hurried', 'unsure'][number % 2] ?? '';
      const turns = turnsOf(below);
      const steps = stepsOf(below, sentence);
      const call = await inCall(() => board().call({ agent, turns, steps }));
      await call.cue();
      const thread = await call.ended();
      const what = `schedule ${number} of DIGITS_SEED=${SEED}\n${[...lines(thread.history), ...[steps, thread.digits].map((all) => JSON.stringify(all))].join('\n')}`;
      expect(Array.from(keysOf(thread)).sort().join(''), what).toBe(KEYS);
      return thread;
    };
    const threads: Thread[] = [];
    for (let batch = 0; batch < BATCHES; batch++)
      threads.push(
        ...(await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => play(batch * AT_ONCE + n)))),
      );
    // Both ways were taken, or nothing was shown.
    expect(threads.some(({ digits }) => digits.some((collection) => collection.digits !== ''))).toBe(true);
    expect(
      threads.some(({ history }) => history.some(({ content }) => content.startsWith('[pressed '))),
    ).toBe(true);
  });
}
