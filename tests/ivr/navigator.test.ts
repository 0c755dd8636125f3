import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startSipp } from '../../rehearsal/sipp.ts';
import { answersOk } from '../../stack/facts.ts';
import type { Thread } from '../../threads/thread.ts';
import { lines } from '../calls/test-call.ts';
import { ownStack } from '../stack/own-stack.ts';
import { until } from '../until.ts';

/** Several sentences and menus in real time, recognized without a model's key. */
const WITHIN = { within: 200_000 };

it('the shipped navigator works through an IVR that is itself an agent, without a key: caller, desk, navigator and machine over the real servers', async (context) => {
  const stack = await ownStack({
    prepare: (home) =>
      cpSync(join(import.meta.dirname, 'dialogues'), join(home, 'speech', 'dialogues'), { recursive: true }),
  });
  context.onTestFinished(() => stack.stop());
  const { ports, config } = stack;
  const signal = AbortSignal.timeout(290_000);
  await until('the stack is ready', () => answersOk(`http://127.0.0.1:${ports.api}/readyz`, signal));
  const thread = async (key: string): Promise<Thread | undefined> => {
    const headers = { 'api-key': config.apiKeys[0]?.key ?? '' };
    const response = await fetch(`http://127.0.0.1:${ports.api}/threads/${key}`, { headers });
    return response.ok ? ((await response.json()) as Thread) : undefined;
  };
  const caller = await startSipp({
    target: { host: '127.0.0.1', port: ports.sip },
    user: 'order-desk',
    headers: { 'X-Uid': 'abc123' },
    steps: [{ kind: 'cue' }, { kind: 'press', digits: '1' }, { kind: 'until_bye' }],
    codec: 'PCMU',
    signal,
  });
  context.onTestFinished(() => caller.close());
  await until('the caller is greeted', async () =>
    (await thread('abc123'))?.history.some(({ content }) => content.includes('Press one')),
  );
  await caller.cue();
  const look = async (key: string) => {
    const found = await thread(key);
    return found?.status === 'ended' ? found : undefined;
  };
  const desk = await until('the call has ended', () => look('abc123'), {
    ...WITHIN,
    seen: async () => {
      const ivr = await thread('ivr-abc123');
      return { desk: (await thread('abc123'))?.history, ivr: ivr?.history };
    },
  });
  const aside = await until('the side call has ended', () => look(desk.consults[0]?.thread ?? ''));
  const machine = await until("the machine's call has ended", () => look('ivr-abc123'));

  expect(machine.digits.slice(0, 2)).toEqual([
    { digits: '2', terminator: null, ended_by: 'count' },
    { digits: '4417', terminator: '#', ended_by: 'terminator' },
  ]);
  expect(aside).toMatchObject({ agent: 'ivr-navigator', parent: desk.id, direction: 'outbound' });
  expect(aside.outcome).toEqual({
    found: true,
    answer: 'They said: your order ships on monday.',
    keys: '24417#',
  });
  // It never said a word.
  expect(lines(aside.history).filter((line) => line.startsWith('agent:'))).toEqual([]);
  expect(desk.consults).toMatchObject([{ status: 'completed', agent: 'ivr-navigator', thread: aside.id }]);
  expect(desk.outcome).toEqual({ told: 'They said: your order ships on monday.' });
});
