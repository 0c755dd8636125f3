import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ParticipantInfo_Kind } from '@livekit/protocol';
import { expect, it, onTestFinished } from 'vitest';
import { connectLiveKit } from '../../livekit/client.ts';
import { switchboard } from '../calls/switchboard.ts';
import { lines } from '../calls/test-call.ts';
import { count, figure } from '../harm/form.ts';
import { until } from '../until.ts';

const CALLS = count({ short: 4, long: 20 });

const board = switchboard({ env: { ATTENDANT_HANDOVER_SECONDS: '1', ATTENDANT_DRAIN_SECONDS: '600' } });

/** A second worker of the same installation, on a health port of its own. */
async function anotherWorker(): Promise<{ calls: () => Promise<number> }> {
  const { config, ports } = board().stack;
  // The last of the stack's own block that nobody uses.
  const port = ports.livekit + 1_011;
  const env = {
    ...config.env,
    ATTENDANT_HOME: config.home,
    ATTENDANT_WORKER_PORT: String(port),
    ATTENDANT_DRAIN_SECONDS: '0',
  };
  const args = ['--import', 'tsx', join(config.root, 'cli.ts'), 'worker'];
  const worker = spawn(process.execPath, args, { cwd: config.root, env, stdio: 'ignore' });
  onTestFinished(() => void worker.kill('SIGTERM'));
  const metric = async (name: string) => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text().catch(() => '');
    return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9]+)$`, 'm').exec(text)?.[1]);
  };
  await until('the second worker takes calls', () =>
    metric('attendant_worker_children_registered').then(
      (registered) => registered === 1,
      () => false,
    ),
  );
  return { calls: () => metric('attendant_worker_child_calls') };
}

it(`a worker that is told to end leaves ${CALLS} calls to another one, and no caller notices`, async () => {
  const calls = await Promise.all(
    Array.from({ length: CALLS }, () =>
      board().call({
        turns: [
          { say: 'Welcome. What can I do for you?' },
          { say: 'Thank you.', call: [{ name: 'end_dialog', args: { reason: 'resolved' } }] },
        ],
        steps: [{ kind: 'cue' }, { kind: 'press', digits: '1' }, { kind: 'until_bye' }],
        within: 280_000,
      }),
    ),
  );
  const before = await Promise.all(
    calls.map((call) => call.threadWith('has a greeting', ({ history }) => history.length === 1)),
  );
  const second = await anotherWorker();
  await board().stack.kill('worker', 'SIGTERM'); // Resolves when it has gone.
  await until('the second worker has them all', async () => (await second.calls()) === CALLS);
  const { rooms } = connectLiveKit(board().stack.config.livekit);
  for (const { room } of before)
    await until('an agent listens there', async () =>
      (await rooms.participants(room, AbortSignal.timeout(10_000))).some(
        ({ kind, tracks }) => kind === ParticipantInfo_Kind.AGENT && tracks.length > 0,
      ),
    );
  for (const call of calls) {
    expect(await call.sipp.messages(), 'nobody was hung up').not.toContainEqual(
      expect.objectContaining({ method: 'BYE' }),
    );
    await call.cue();
  }
  for (const call of calls) {
    expect((await call.done()).passed).toBe(true);
    const thread = await call.ended();
    expect(thread.end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
    expect(lines(thread.history)).toEqual([
      'agent: Welcome. What can I do for you?',
      'caller: [pressed 1]',
      'agent: Thank you.',
      'agent → end_dialog',
      'end_dialog ⇒ {"ended":true}',
    ]);
  }
  figure('deploys drop nobody', `${CALLS} of ${CALLS} calls went to another worker, and none was hung up`);
});
