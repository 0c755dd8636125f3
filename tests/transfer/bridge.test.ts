import { describe, expect, it } from 'vitest';
import { headerOf } from '../../rehearsal/sip-trace.ts';
import { switchboard } from '../calls/switchboard.ts';
import { Earpiece } from '../doubles/earpiece.ts';
import { until } from '../until.ts';
import { farEnd, transferring } from './far-ends.ts';

const board = switchboard({ env: { DESK_USER: 'attendant', DESK_PASSWORD: 'open sesame' } });

describe('a bridged caller', () => {
  it('talks to who answered, presses keys to them, and is released when they hang up', async (context) => {
    const ear = await Earpiece.open();
    const desk = await farEnd(
      context,
      {
        kind: 'answer',
        ring: 1_000,
        steps: [{ kind: 'cue' }, { kind: 'press', digits: '7' }, { kind: 'cue' }, { kind: 'bye' }],
      },
      { hearAt: ear.port },
    );
    const call = await board().call({
      agent: 'transfers',
      turns: transferring(desk.uri),
      headers: { 'X-Vars': `straight=${desk.uri}` },
      steps: [{ kind: 'cue' }, { kind: 'press', digits: '42' }, { kind: 'until_bye' }],
    });
    const invite = await desk.sipp.until(({ method }) => method === 'INVITE', { within: 60_000 });
    expect(headerOf(invite, 'x-ticket')).toBe(call.uid);
    expect(headerOf(invite, 'from')).toMatch(
      /^"Desk for \+15550123" <sip:\+15550177@attendant\.example\.com>/,
    );
    const thread = await call.ended();
    expect(thread.end_reason).toEqual({ result: 'transferred', reason: 'transfer_call' });
    expect(thread.transfers).toMatchObject([
      { status: 'completed', cause: null, method: 'bridge', to: desk.uri, sip_status: null },
    ]);
    // Asked once: after a transfer the model has nothing more to say.
    expect(call.asked).toHaveLength(1);
    await call.cue();
    await until('the desk hears the keys', () => ear.keys === '42');
    await desk.sipp.cue();
    await until('the caller hears the key', () => call.earpiece.keys === '7');
    await desk.sipp.cue();
    expect((await call.done()).passed).toBe(true);
  });
});
