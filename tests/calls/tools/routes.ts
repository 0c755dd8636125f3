import { expect, it } from 'vitest';
import type { Switchboard } from '../switchboard.ts';
import { lines } from '../test-call.ts';

export function routes(board: () => Switchboard): void {
  it('gives a caller to another agent, with a greeting and variables of its own, and the thread says so', async () => {
    const call = await board().call({
      agent: 'reception',
      headers: { 'X-Tier': 'Gold', 'X-Vars': 'colour=red' },
      turns: [],
      steps: [{ kind: 'cue' }, { kind: 'bye' }],
    });
    await call.threadWith('has the greeting', ({ history }) => history.length > 0);
    await call.cue();
    const { agent, route, history } = await call.ended();
    expect({ agent, route }).toEqual({ agent: 'scripted', route: 'reception/vip' });
    expect(lines(history)[0]).toMatch(/^agent.*: Welcome back, most valued member\./);
  });

  it('lets those whom none fits be answered as ever', async () => {
    const call = await board().call({
      agent: 'reception',
      headers: { 'X-Tier': 'silver' },
      turns: [],
      steps: [{ kind: 'cue' }, { kind: 'bye' }],
    });
    await call.threadWith('has the greeting', ({ history }) => history.length > 0);
    await call.cue();
    const { agent, route, history } = await call.ended();
    expect({ agent, route }).toEqual({ agent: 'reception', route: null });
    expect(lines(history)[0]).toMatch(/^agent.*: Reception\./);
  });

  it('refuses a call with 486, unanswered, and keeps a thread of it', async () => {
    const call = await board().call({
      agent: 'reception',
      headers: { 'X-Vars': 'blocked=yes' },
      turns: [],
      steps: [{ kind: 'bye' }],
    });
    const final = await call.sipp.until(({ status = 0 }) => status >= 200, { within: 60_000 });
    expect(final.status).toBe(486);
    const { route, answered_at, end_reason, history } = await call.ended();
    expect({ route, answered_at, end_reason, history }).toEqual({
      route: 'reception/blocked',
      answered_at: null,
      end_reason: { result: 'failed', reason: 'E_CALL_REFUSED' },
      history: [],
    });
  });
}
