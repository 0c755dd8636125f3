import { expect, it } from 'vitest';
import { headerOf } from '../../../rehearsal/sip-trace.ts';
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

  it.for([
    [{ status: 202, notify: [100, 200] }, { result: 'transferred', reason: 'route' }, 0],
    [{ status: 603 }, { result: 'completed', reason: 'end_dialog' }, 1],
  ] as const)(
    'puts a caller through after its greeting, without the model; answered %o the call ends as %o',
    async ([answer, end, asked]) => {
      const to = 'sip:on-duty@127.0.0.1:9';
      const call = await board().call({
        agent: 'reception',
        headers: { 'X-Vars': `desk=${to}` },
        turns: [{ say: 'Nobody took it.', call: [{ name: 'end_dialog', args: {} }] }],
        steps: [{ kind: 'refer', answer }, { kind: 'until_bye' }],
      });
      const refer = await call.sipp.until(({ method }) => method === 'REFER', { within: 60_000 });
      expect(headerOf(refer, 'refer-to')).toContain(to);
      expect(call.earpiece.voiceSince()).toBeGreaterThan(300);
      const thread = await call.ended();
      expect(thread.end_reason).toEqual(end);
      expect(thread.route).toBe('reception/on-duty');
      expect(lines(thread.history)[0]).toBe('agent: One moment.');
      expect(call.asked).toHaveLength(asked);
      if (asked > 0) expect(JSON.stringify(call.asked[0]?.messages)).toContain('It failed: rejected');
    },
  );

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
