import { describe, it } from 'vitest';
import { headerOf } from '../../rehearsal/sip-trace.ts';
import { switchboard } from '../calls/switchboard.ts';
import { farEnd, told, transferring } from './far-ends.ts';
import { BRIDGE_ROWS, REFER_ROWS, WARM_ROWS } from './rows.ts';

const board = switchboard({ env: { DESK_USER: 'attendant', DESK_PASSWORD: 'open sesame' } });

/** The caller is back with the agent, whose model knows why; it ends the call. */
const BACK = { result: 'completed', reason: 'end_dialog' };

describe.concurrent('a transfer by REFER', () => {
  it.for(REFER_ROWS)('$name', async ({ pbx, then }, { expect }) => {
    const to = 'sip:desk@127.0.0.1:9';
    const call = await board().call({
      agent: 'transfers',
      turns: transferring(to),
      headers: { 'X-Vars': `refer=${to}` },
      steps: [{ kind: 'refer', answer: pbx }, { kind: 'until_bye' }],
    });
    const refer = await call.sipp.until(({ method }) => method === 'REFER', { within: 60_000 });
    expect(headerOf(refer, 'x-ticket')).toBe(call.uid);
    expect(headerOf(refer, 'refer-to')).toContain(to);
    const thread = await call.ended();
    const [status, cause, sip_status, code = null] = then;
    const attempt = { status, cause, code, sip_status, method: 'refer', to };
    expect(thread.transfers).toMatchObject([attempt]);
    expect(told(call)).toMatchObject(attempt);
    expect(thread.end_reason).toEqual(BACK);
    expect((await call.done()).passed).toBe(true);
  });
});

describe.concurrent('a transfer by INVITE', () => {
  it.for([...BRIDGE_ROWS, ...WARM_ROWS])('$name', async ({ method, to, desk, then }, context) => {
    const { expect } = context;
    const { uri } = await farEnd(context, desk);
    const call = await board().call({
      agent: 'transfers',
      turns: transferring(uri),
      headers: { 'X-Vars': `${to}=${uri}` },
      steps: [{ kind: 'until_bye' }],
    });
    const thread = await call.ended();
    const [status, cause, sip_status, code = null] = then;
    const attempt = { status, cause, code, sip_status, method, to: uri };
    expect(thread.transfers).toMatchObject([attempt]);
    expect(told(call)).toMatchObject(attempt);
    expect(thread.end_reason).toEqual(BACK);
    expect((await call.done()).passed).toBe(true);
  });
});
