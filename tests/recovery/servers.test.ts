import { expect, it } from 'vitest';
import { connectLiveKit, joinedIn } from '../../livekit/client.ts';
import type { Part } from '../../stack/part.ts';
import { switchboard } from '../calls/switchboard.ts';
import { lastResult, lines, type TestCall } from '../calls/test-call.ts';
import { farEnd, transferring } from '../transfer/far-ends.ts';
import { until } from '../until.ts';

const board = switchboard();
const GREETING = 'Welcome. Please type three digits.';

/** A call whose caller types 472 at the cue and is told goodbye then. */
function typingCall(): Promise<TestCall> {
  return board().call({
    turns: [
      { say: GREETING, call: [{ name: 'receive_dtmf', args: { digits: 3 } }] },
      (request) => ({
        say: `Thank you for ${String(lastResult(request)['digits'])}.`,
        call: [{ name: 'end_dialog', args: { reason: 'resolved' } }],
      }),
    ],
    steps: [{ kind: 'cue' }, { kind: 'press', digits: '472' }, { kind: 'until_bye' }],
  });
}

const collecting = (call: TestCall) =>
  call.threadWith('collects digits', ({ history }) => history.length === 2);

async function notReady(check: string): Promise<void> {
  await until(`/readyz names ${check}`, async () => {
    const response = await fetch(`${board().apiUrl}/readyz`);
    const { checks } = (await response.json()) as { checks: Record<string, { ok: boolean }> };
    return response.status === 503 && checks[check]?.ok === false;
  });
}

async function said(part: Part, words: string): Promise<void> {
  await until(`the ${part} says "${words}"`, () => board().stack.logOf(part).includes(words));
}

/** A whole call, as proof that all is well again. */
async function anotherCallIsAnswered(): Promise<void> {
  await board().ready();
  const call = await typingCall();
  await collecting(call);
  await call.cue();
  expect((await call.done()).passed).toBe(true);
  expect((await call.ended()).end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
}

it('Redis killed under a call: it is said, the call goes on, and its thread is whole when Redis is back', async () => {
  const { stack } = board();
  const call = await typingCall();
  await collecting(call);
  await stack.kill('redis');
  await said('worker', 'redis is away');
  await said('api', 'redis is away');
  await notReady('redis');

  await call.cue();
  await until('the agent answers without Redis', () => call.asked.length === 2);
  await stack.restart('redis');
  expect((await call.done()).passed, 'the caller is hung up on').toBe(true);
  const thread = await call.ended();
  expect(lines(thread.history)).toEqual([
    `agent: ${GREETING}`,
    'agent → receive_dtmf',
    'receive_dtmf ⇒ {"digits":"472","terminator":null,"ended_by":"count"}',
    'agent: Thank you for 472.',
    'agent → end_dialog',
    'end_dialog ⇒ {"ended":true}',
  ]);
  expect(thread.end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
  await anotherCallIsAnswered();
});

it('livekit-server killed under a call: it is said, the call ends with a reason, and the next one is answered when it is back', async () => {
  const { stack } = board();
  const call = await typingCall();
  await collecting(call);
  await stack.kill('livekit');
  await said('worker', 'LiveKit is away');
  await notReady('livekit');
  const thread = await call.ended();
  expect(thread.end_reason?.result).toBe('failed');
  expect(thread.digits, 'what ran is closed').toHaveLength(1);

  await stack.restart('livekit');
  await said('worker', 'LiveKit is back');
  await anotherCallIsAnswered();
});

it('livekit-sip killed under a call: the call ends with a reason, and the next one is answered when it is back', async () => {
  const { stack } = board();
  const call = await typingCall();
  await collecting(call);
  await stack.kill('sip');
  const thread = await call.ended();
  expect(thread.end_reason).toEqual({ result: 'failed', reason: 'leg_lost' });

  await stack.restart('sip');
  await anotherCallIsAnswered();
});

it('a child of the worker killed: another takes its place, and the next call is answered', async () => {
  const { stack } = board();
  const before = await board().metrics();
  expect(before.get('attendant_worker_children_registered')).toBe(1);
  const pid = Number(/attendant_worker_child_calls\{pid="(\d+)"\}/.exec(await metricsText())?.[1]);
  process.kill(pid, 'SIGKILL');
  await said('worker', 'a child ended by itself');
  await until('another child is registered', async () => {
    const [, now] = /attendant_worker_child_calls\{pid="(\d+)"\}/.exec(await metricsText()) ?? [];
    return Number(now) !== pid && (await board().metrics()).get('attendant_worker_children_registered') === 1;
  });
  expect(stack.pidOf('worker')).toBeGreaterThan(0);
  await anotherCallIsAnswered();
});

it('the worker killed after it joined two: they talk on, and when one hangs up the other is hung up too', async (context) => {
  const desk = await farEnd(context, { kind: 'answer', steps: [{ kind: 'cue' }, { kind: 'bye' }] });
  const call = await board().call({
    agent: 'transfers',
    turns: transferring(desk.uri),
    headers: { 'X-Vars': `straight=${desk.uri}` },
    steps: [{ kind: 'until_bye' }],
  });
  const { room } = await call.ended();
  await until('the two are known as joined', async () => {
    const rooms = await connectLiveKit(board().stack.config.livekit).rooms.list(AbortSignal.timeout(5_000));
    return rooms.some((one) => one.name === room && joinedIn(one)?.length === 2);
  });
  const pid = Number(/attendant_worker_child_calls\{pid="(\d+)"\}/.exec(await metricsText())?.[1]);
  process.kill(pid, 'SIGKILL');
  await said('worker', 'a child ended by itself');
  // Nobody hung up: neither has heard of it.
  expect(await call.sipp.messages()).not.toContainEqual(expect.objectContaining({ method: 'BYE' }));
  await desk.sipp.cue();
  expect((await call.done()).passed).toBe(true);
  await anotherCallIsAnswered();
});

async function metricsText(): Promise<string> {
  return (await fetch(`http://127.0.0.1:${board().stack.ports.worker}/metrics`)).text();
}
