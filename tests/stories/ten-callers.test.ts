import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { startSipp } from '../../rehearsal/sipp.ts';
import type { Thread } from '../../threads/thread.ts';
import { sharedStack } from '../stack/stack.ts';

const CALLERS = 10;

/** A number of nine digits, another for each caller at every place. */
const numberOf = (caller: number) =>
  Array.from({ length: 9 }, (_, i) => (caller + 3 * i + (i % 2) * caller) % 10).join('');

it('ten callers at once, each typing a number of its own, get threads of their own', async () => {
  const { apiUrl, apiKey, ports } = sharedStack();
  const over = new AbortController();
  onTestFinished(() => over.abort());
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(240_000)]);
  const run = Date.now();

  const threadOf = async (uid: string, holds: (thread: Thread) => boolean): Promise<Thread> => {
    for (;;) {
      const response = await fetch(`${apiUrl}/threads/${uid}`, { headers: { 'api-key': apiKey }, signal });
      const thread = response.ok ? ((await response.json()) as Thread) : undefined;
      if (thread && holds(thread)) return thread;
      if (thread?.status === 'ended') throw new Error(`${uid} ended first: ${JSON.stringify(thread)}`);
      await systemClock.sleep(300, signal);
    }
  };
  const collects = ({ history }: Thread) =>
    history.some(
      (m) => m.role === 'assistant' && m.tool_calls?.some((call) => call.function.name === 'receive_dtmf'),
    );
  const readsBack = (digits: string) => (thread: Thread) =>
    thread.history.some((m) => m.role === 'assistant' && spelled(m.content).includes(digits));

  const call = async (caller: number) => {
    const uid = `ten-${run}-${caller}`;
    const digits = numberOf(caller);
    await using sipp = await startSipp({
      target: { host: '127.0.0.1', port: ports.sip },
      user: '+15550100',
      from: `+1555020${caller}`,
      headers: { 'X-Uid': uid },
      steps: [{ kind: 'cue' }, { kind: 'press', digits: `${digits}#` }, { kind: 'cue' }, { kind: 'bye' }],
      signal,
    });
    await threadOf(uid, collects);
    await sipp.cue();
    await threadOf(uid, readsBack(digits));
    await sipp.cue();
    expect(await sipp.done()).toMatchObject({ passed: true });
    return {
      uid,
      digits,
      from: `+1555020${caller}`,
      thread: await threadOf(uid, ({ status }) => status === 'ended'),
    };
  };
  const calls = await Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(caller)));

  expect(new Set(calls.map(({ thread }) => thread.id)).size).toBe(CALLERS);
  for (const { uid, digits, from, thread } of calls) {
    expect(thread).toMatchObject({ uid, caller: { number: from }, end_reason: { result: 'abandoned' } });
    expect(thread.digits.map((collection) => collection.digits)).toEqual([digits]);
    const said = thread.history.map(({ content }) => spelled(content)).join('\n');
    for (const neighbour of calls) expect(said.includes(neighbour.digits)).toBe(neighbour.digits === digits);
  }
});

/** A text with its digits together, however they were read out: `1, 2` and `one, two` are both `12`. */
function spelled(text: string): string {
  const names = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
  const digits = names.reduce(
    (rest, name, digit) => rest.replaceAll(name, String(digit)),
    text.toLowerCase(),
  );
  return digits.replace(/(?<=\d)\W+(?=\d)/g, '');
}
