import { expect, it, onTestFinished } from 'vitest';
import { connectLiveKit } from '../../livekit/client.ts';
import { startSipp } from '../../rehearsal/sipp.ts';
import { answersOk } from '../../stack/facts.ts';
import { PARTS } from '../../stack/part.ts';
import { ModelServer } from '../doubles/model-server.ts';
import { ownStack } from '../stack/own-stack.ts';
import { until } from '../until.ts';

/** `npm run soak` sets 300; the short form shows the same with fewer. */
const CALLS = Number(process.env['SOAK_CALLS'] ?? 40);
const WARM_UP = 12;
const AT_ONCE = 4;
/** Bytes of heap that may stay a call: V8 collects when it likes, a leak of a call's room or session is above a megabyte. */
const HEAP_PER_CALL = 100_000;
/** What may lie about before V8 collects; the long form tells a slow leak from it. */
const UNCOLLECTED = 80_000_000;

it(`${CALLS} short calls through one child leave no listener, room, timer or memory behind`, async () => {
  const over = new AbortController();
  const models = await ModelServer.start({
    chat: () => ({
      say: 'Welcome. Please type nine digits.',
      call: [{ name: 'receive_dtmf', args: { digits: 9 } }],
    }),
  });
  const stack = await ownStack({ parts: PARTS.filter((part) => part !== 'speech'), env: models.env });
  onTestFinished(async () => {
    over.abort();
    await stack.stop();
    await models.stop();
  });
  const { ports, config } = stack;
  const { signal } = over;
  await until('the stack is ready', () => answersOk(`http://127.0.0.1:${ports.api}/readyz`, signal));

  const place = async (calls: number, prefix: string) => {
    const sipp = await startSipp({
      target: { host: '127.0.0.1', port: ports.sip },
      user: 'scripted',
      headers: { 'X-Uid': `${prefix}-{call}` },
      steps: [{ kind: 'press', digits: '12' }, { kind: 'bye' }],
      codec: 'PCMU',
      calls,
      atOnce: AT_ONCE,
      within: 20_000 * calls,
      signal,
    });
    const { passed, errors } = await sipp.done();
    await sipp.close();
    expect(passed, errors).toBe(true);
  };
  const allEnded = () =>
    until('all calls have ended', async () => (await metric('attendant_worker_child_calls')) === 0, {
      within: 120_000,
    });
  const metric = async (name: string) => {
    const text = await (await fetch(`http://127.0.0.1:${ports.worker}/metrics`, { signal })).text();
    return Number(new RegExp(`^${name}\\{[^}]*\\} ([0-9]+)$`, 'm').exec(text)?.[1]);
  };
  const figures = async () => ({
    listeners: await metric('attendant_worker_ffi_listeners'),
    timers: await metric('attendant_worker_timers'),
    heap: await metric('attendant_worker_heap_bytes'),
    resident: await metric('attendant_worker_resident_bytes'),
  });

  // The figures of a child that has not had a call yet, but for memory, which the first calls fill with code.
  const idle = await figures();
  await place(WARM_UP, 'warm');
  await allEnded();
  const before = await figures();
  await place(CALLS, 'soak');
  await allEnded();
  // A timer of the connections (Redis, LiveKit) may run at any moment; those of calls would stay.
  const after = await until('timers and listeners are as before any call', async () => {
    const now = await figures();
    return now.timers <= idle.timers && now.listeners === idle.listeners ? now : undefined;
  });
  console.log(
    `${CALLS} calls: listeners ${idle.listeners} → ${after.listeners}, timers ${idle.timers} → ${after.timers}, ` +
      `heap ${mb(before.heap)} → ${mb(after.heap)} MB, resident ${mb(before.resident)} → ${mb(after.resident)} MB`,
  );

  expect(after.heap - before.heap).toBeLessThan(HEAP_PER_CALL * CALLS + UNCOLLECTED);
  const { rooms } = connectLiveKit(config.livekit);
  await until('LiveKit has no room left', async () => (await rooms.list(signal)).length === 0);

  const response = await fetch(`http://127.0.0.1:${ports.api}/threads/soak-${CALLS}`, {
    headers: { 'api-key': config.apiKeys[0]?.key ?? '' },
    signal,
  });
  expect(await response.json()).toMatchObject({
    status: 'ended',
    end_reason: { result: 'abandoned', reason: 'caller_hung_up' },
    digits: [{ digits: '12', ended_by: 'hangup' }],
  });
});

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
