import { createHash } from 'node:crypto';
import { describe, it } from 'vitest';
import { headerOf, type SipMessage } from '../../rehearsal/sip-trace.ts';
import { switchboard } from '../calls/switchboard.ts';
import { until } from '../until.ts';
import { farEnd, told, transferring } from './far-ends.ts';

const board = switchboard({ env: { DESK_USER: 'attendant', DESK_PASSWORD: 'open sesame' } });
const TRANSFERRED = { result: 'transferred', reason: 'transfer_call' };
const GONE = { result: 'abandoned', reason: 'caller_hung_up' };
const WITHIN = { within: 60_000 };

describe('a transfer', () => {
  it('that fails goes on to the next of its plan, each attempt on the thread', async (context) => {
    const { expect } = context;
    const busy = await farEnd(context, { kind: 'refuse', status: 486 });
    const desk = await farEnd(context, { kind: 'answer', steps: [{ kind: 'cue' }, { kind: 'bye' }] });
    const planned = 'sip:pbx@127.0.0.1:9';
    const call = await board().call({
      agent: 'transfers',
      turns: transferring(planned),
      headers: { 'X-Vars': `planned=${planned};first=${busy.uri};straight=${desk.uri}` },
      steps: [{ kind: 'refer', answer: { status: 405 } }, { kind: 'until_bye' }],
    });
    const thread = await call.ended();
    expect(thread.transfers).toMatchObject([
      { method: 'refer', to: planned, status: 'failed', cause: 'refer_unsupported', sip_status: 405 },
      { method: 'bridge', to: busy.uri, status: 'busy', sip_status: 486 },
      { method: 'bridge', to: desk.uri, status: 'completed' },
    ]);
    expect(thread.end_reason).toEqual(TRANSFERRED);
    expect(told(call)).toBeUndefined();
    await desk.sipp.cue();
    expect((await call.done()).passed).toBe(true);
  });

  it('that fails to its end brings the caller back to the agent, whose model knows every attempt', async (context) => {
    const { expect } = context;
    const busy = await farEnd(context, { kind: 'refuse', status: 486 });
    const away = await farEnd(context, { kind: 'refuse', status: 480 });
    const planned = 'sip:pbx@127.0.0.1:9';
    const call = await board().call({
      agent: 'transfers',
      turns: transferring(planned),
      headers: { 'X-Vars': `planned=${planned};first=${busy.uri};straight=${away.uri}` },
      steps: [{ kind: 'refer', answer: { status: 603 } }, { kind: 'until_bye' }],
    });
    const thread = await call.ended();
    expect(thread.transfers.map(({ status }) => status)).toEqual(['rejected', 'busy', 'no-answer']);
    expect(told(call)).toMatchObject({ status: 'no-answer', sip_status: 480, attempts: thread.transfers });
    expect(thread.history.at(-3)).toMatchObject({ role: 'assistant', content: 'That did not work.' });
  });

  it('by REFER that the PBX reports as answered ends the call', async ({ expect }) => {
    const to = 'sip:desk@127.0.0.1:9';
    const call = await board().call({
      agent: 'transfers',
      turns: transferring(to),
      headers: { 'X-Vars': `refer=${to}` },
      steps: [{ kind: 'refer', answer: { status: 202, notify: [100, 180, 200] } }, { kind: 'until_bye' }],
    });
    const thread = await call.ended();
    expect(thread.transfers).toMatchObject([{ status: 'completed', cause: null, method: 'refer', to }]);
    expect(thread.end_reason).toEqual(TRANSFERRED);
    expect(call.asked).toHaveLength(1);
  });

  it('bridge × caller gone', async (context) => {
    const { expect } = context;
    const desk = await farEnd(context, { kind: 'ring' });
    const call = await board().call({
      agent: 'transfers',
      turns: transferring(desk.uri),
      headers: { 'X-Vars': `first=${desk.uri}` },
      steps: [{ kind: 'cue' }, { kind: 'bye' }],
    });
    await desk.sipp.until(({ method }) => method === 'INVITE', WITHIN);
    await call.cue();
    await desk.sipp.until(({ method }) => method === 'CANCEL', WITHIN);
    const thread = await call.ended();
    expect(thread.transfers).toMatchObject([{ status: 'canceled', cause: 'caller_hung_up' }]);
    expect(thread.end_reason).toEqual(GONE);
  });

  it('by bridge over a trunk that is not there, or back to the caller, sends nothing and says so', async ({
    expect,
  }) => {
    const call = await board().call({
      agent: 'transfers',
      turns: [
        { say: 'One moment.', call: [{ name: 'transfer_call', args: { to: 'tel:+15550144' } }] },
        { say: 'Again.', call: [{ name: 'transfer_call', args: { to: 'tel:+15550123' } }] },
        { say: 'Bye.', call: [{ name: 'end_dialog', args: {} }] },
      ],
      steps: [{ kind: 'until_bye' }],
    });
    const thread = await call.ended();
    expect(thread.transfers).toMatchObject([
      { status: 'failed', cause: 'trunk_unknown', sip_status: null },
      { status: 'failed', cause: 'loop', sip_status: null },
    ]);
  });
});

describe('a bridge', () => {
  it('answers a challenge with the credentials of the environment', async (context) => {
    const { expect } = context;
    const answered = { kind: 'answer', steps: [{ kind: 'cue' }, { kind: 'bye' }] } as const;
    const desk = await farEnd(context, { kind: 'challenge', times: 1, then: answered });
    const call = await board().call({
      agent: 'transfers',
      turns: transferring(desk.uri),
      headers: { 'X-Vars': `signed=${desk.uri}` },
      steps: [{ kind: 'until_bye' }],
    });
    expect((await call.ended()).transfers).toMatchObject([{ status: 'completed' }]);
    const invites = (await desk.sipp.messages()).filter(({ method }) => method === 'INVITE');
    expect(holds(invites.at(-1))).toBe(true);
    await desk.sipp.cue();
    expect((await call.done()).passed).toBe(true);
  });

  it('releases the callee when the caller hangs up', async (context) => {
    const { expect } = context;
    const desk = await farEnd(context, { kind: 'answer', steps: [{ kind: 'until_bye' }] });
    const call = await board().call({
      agent: 'transfers',
      turns: transferring(desk.uri),
      headers: { 'X-Vars': `straight=${desk.uri}` },
      steps: [{ kind: 'cue' }, { kind: 'bye' }],
    });
    expect((await call.ended()).end_reason).toEqual(TRANSFERRED);
    await call.cue();
    expect((await desk.sipp.done()).passed).toBe(true);
  });

  it('lets the caller hear music or ringing from the first second, and nothing of it once they are joined', async (context) => {
    const { expect } = context;
    const desk = await farEnd(context, {
      kind: 'answer',
      ring: 3_000,
      steps: [{ kind: 'cue' }, { kind: 'bye' }],
    });
    const call = await board().call({
      agent: 'transfers',
      turns: transferring(desk.uri),
      headers: { 'X-Vars': `straight=${desk.uri}` },
      steps: [{ kind: 'until_bye' }],
    });
    const invite = await desk.sipp.until(({ method }) => method === 'INVITE', WITHIN);
    await desk.sipp.until(({ method }) => method === 'ACK', WITHIN);
    const ack = await desk.sipp.until(({ method }) => method === 'ACK', WITHIN);
    await until('the caller hears nothing any more', () => call.earpiece.loudness(Date.now() - 1_000) < 20);
    expect(call.earpiece.loudness(invite.at + 500, ack.at)).toBeGreaterThan(200);
    expect(call.earpiece.loudness(ack.at + 1_500)).toBeLessThan(20);
    await desk.sipp.cue();
    await call.done();
  });
});

/** Whether the digest is the one of user and password (RFC 2617 section 3.2.2). */
function holds(invite: SipMessage | undefined): boolean {
  const header = (invite && headerOf(invite, 'proxy-authorization')) ?? '';
  const field = (name: string) => new RegExp(`\\b${name}="?([^",]*)"?`).exec(header)?.[1] ?? '';
  const md5 = (text: string) => createHash('md5').update(text).digest('hex');
  const first = md5(`attendant:${field('realm')}:open sesame`);
  const second = md5(`INVITE:${field('uri')}`);
  const expected = md5([first, field('nonce'), field('nc'), field('cnonce'), field('qop'), second].join(':'));
  return field('username') === 'attendant' && field('response') === expected;
}
