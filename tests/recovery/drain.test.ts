import { expect, it } from 'vitest';
import { switchboard } from '../calls/switchboard.ts';
import { until } from '../until.ts';

const board = switchboard({ env: { ATTENDANT_DRAIN_SECONDS: '600' } });

it('a worker told to stop takes no new call, and goes when the last that runs has ended', async () => {
  const { stack } = board();
  const call = await board().call({
    turns: [
      { say: 'Please type two digits.', call: [{ name: 'receive_dtmf', args: { digits: 2 } }] },
      { say: 'Thank you.', call: [{ name: 'end_dialog', args: { reason: 'resolved' } }] },
    ],
    steps: [{ kind: 'cue' }, { kind: 'press', digits: '47' }, { kind: 'until_bye' }],
  });
  await call.threadWith('collects digits', ({ history }) => history.length === 2);
  const gone = stack.kill('worker', 'SIGTERM');
  await until('it says so', () => stack.logOf('worker').includes('draining: no new calls'));

  const refused = await board().call({ agent: '+15550199', turns: [], steps: [{ kind: 'bye' }] });
  const answer = await refused.sipp.until(({ status }) => status !== undefined && status >= 300, {
    within: 60_000,
  });
  expect(answer.status).toBe(486);
  expect(await refused.thread(), 'no agent was asked').toBeUndefined();

  await call.cue();
  expect((await call.done()).passed).toBe(true);
  expect((await call.ended()).end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
  await gone;
});
