import { expect, it } from 'vitest';
import { switchboard } from '../calls/switchboard.ts';
import { lastResult, lines, type TestCall } from '../calls/test-call.ts';
import { until } from '../until.ts';

const board = switchboard({ env: { ATTENDANT_CHILDREN: '2' } });
const GREETING = 'Welcome. Please type three digits.';
const LINE = 'I am sorry, we were interrupted for a moment.';

/** A call whose caller types 472 at the cue and is told goodbye then; the agent asks again when it is asked to go on. */
function typingCall(): Promise<TestCall> {
  return board().call({
    turns: [
      { say: GREETING, call: [{ name: 'receive_dtmf', args: { digits: 3 } }] },
      { say: 'Once more, please type three digits.', call: [{ name: 'receive_dtmf', args: { digits: 3 } }] },
      (request) => ({
        say: `Thank you for ${String(lastResult(request)['digits'])}.`,
        call: [{ name: 'end_dialog', args: { reason: 'resolved' } }],
      }),
    ],
    steps: [{ kind: 'cue' }, { kind: 'press', digits: '472' }, { kind: 'until_bye' }],
  });
}

/** The children and how many calls each has. */
async function children(): Promise<ReadonlyMap<number, number>> {
  const text = await (await fetch(`http://127.0.0.1:${board().stack.ports.worker}/metrics`)).text();
  const found = text.matchAll(/attendant_worker_child_calls\{pid="(\d+)"\} (\d+)/g);
  return new Map([...found].map(([, pid, calls]) => [Number(pid), Number(calls)]));
}

async function holderOfTheCall(): Promise<number> {
  return until(
    'one child has the call',
    async () => [...(await children())].find(([, calls]) => calls === 1)?.[0],
  );
}

const bothRegistered = () =>
  until(
    'both children take calls',
    async () => (await board().metrics()).get('attendant_worker_children_registered') === 2,
  );

async function goesOn(call: TestCall, since: number): Promise<void> {
  await until('the caller hears the agent again', () => call.earpiece.voiceSince(since) > 200);
  await until('the model is asked to go on', () => call.asked.length === 2);
  await call.threadWith(
    'collects again',
    ({ history }) => lines(history).filter((line) => line === 'agent → receive_dtmf').length === 2,
  );
  await call.cue();
  expect((await call.done()).passed).toBe(true);
  const thread = await call.ended();
  expect(thread.end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
  expect(lines(thread.history)).toEqual([
    `agent: ${GREETING}`,
    'agent → receive_dtmf',
    'receive_dtmf ⇒ {"error":{"code":"E_CALL_TAKEN_OVER","message":"the tool was cut off; it may be called again"}}',
    `agent: ${LINE}`,
    'agent: Once more, please type three digits.',
    'agent → receive_dtmf',
    'receive_dtmf ⇒ {"digits":"472","terminator":null,"ended_by":"count"}',
    'agent: Thank you for 472.',
    'agent → end_dialog',
    'end_dialog ⇒ {"ended":true}',
  ]);
}

it('a child killed: the caller hears a line and goes on with another child', async () => {
  await bothRegistered();
  const call = await typingCall();
  await call.threadWith('collects digits', ({ history }) => history.length === 2);
  const pid = await holderOfTheCall();
  const since = Date.now();
  process.kill(pid, 'SIGKILL');
  await goesOn(call, since);
});

it('a child that hangs: likewise, and when it wakes up it leaves the call alone', async () => {
  await bothRegistered();
  const call = await typingCall();
  await call.threadWith('collects digits', ({ history }) => history.length === 2);
  const pid = await holderOfTheCall();
  const since = Date.now();
  process.kill(pid, 'SIGSTOP');
  try {
    await until('the caller hears the agent again', () => call.earpiece.voiceSince(since) > 200);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await goesOn(call, since);
});
