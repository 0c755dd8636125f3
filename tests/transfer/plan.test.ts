import { createHash } from 'node:crypto';
import { SIPOutboundTrunkInfo } from '@livekit/protocol';
import { describe, it } from 'vitest';
import { connectLiveKit } from '../../livekit/client.ts';
import { headerOf, type SipMessage } from '../../rehearsal/sip-trace.ts';
import { switchboard } from '../calls/switchboard.ts';
import { until } from '../until.ts';
import { farEnd, told, transferring } from './far-ends.ts';
import { CALLER_HERTZ, DESK_HERTZ, humming, joined, share } from './humming.ts';

const board = switchboard({ env: { DESK_USER: 'attendant', DESK_PASSWORD: 'open sesame' } });
const placed = humming(board);
/** Hertz of its notes. */
const MUSIC = [220, 262, 330, 392, 440];
const MEASURED = process.env['MEASURED'] === '1';
const TRANSFERRED = { result: 'transferred', reason: 'transfer_call' };
const GONE = { result: 'abandoned', reason: 'caller_hung_up' };
const WITHIN = { within: 60_000 };

describe.concurrent('a transfer', () => {
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

  it('asked for twice in one turn runs once; the other is told so', async ({ expect }) => {
    const to = 'sip:desk@127.0.0.1:9';
    const both = [
      { name: 'transfer_call', args: { to } },
      { name: 'transfer_call', args: { to: 'tel:+15550144' } },
    ];
    const call = await board().call({
      agent: 'transfers',
      turns: [
        { say: 'One moment.', call: both },
        { say: 'Bye.', call: [{ name: 'end_dialog', args: {} }] },
      ],
      headers: { 'X-Vars': `refer=${to}` },
      steps: [{ kind: 'refer', answer: { status: 486 } }, { kind: 'until_bye' }],
    });
    const thread = await call.ended();
    expect(thread.transfers).toMatchObject([{ status: 'busy', to }]);
    const results = thread.history.filter(({ role }) => role === 'tool').map(({ content }) => content);
    expect(results[0]).toContain('"status":"busy"');
    expect(results[1]).toContain('E_TRANSFER_RUNNING');
  });

  it('asked for while the call ends is none', async (context) => {
    const { expect } = context;
    const desk = await farEnd(context, { kind: 'silent' });
    const call = await board().call({
      agent: 'transfers',
      turns: [
        {
          say: 'Goodbye.',
          call: [
            { name: 'end_dialog', args: {} },
            { name: 'transfer_call', args: { to: desk.uri } },
          ],
        },
      ],
      headers: { 'X-Vars': `straight=${desk.uri}` },
      steps: [{ kind: 'until_bye' }],
    });
    const thread = await call.ended();
    expect(thread.transfers).toEqual([]);
    expect(thread.end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
    expect((await call.done()).passed).toBe(true);
    expect(await desk.sipp.messages()).toEqual([]);
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

describe.concurrent('a bridge', () => {
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

  it('goes over an outbound trunk with its credentials', async (context) => {
    const { expect } = context;
    const answered = { kind: 'answer', steps: [{ kind: 'cue' }, { kind: 'bye' }] } as const;
    const desk = await farEnd(context, { kind: 'challenge', times: 1, then: answered });
    const { outboundTrunks } = connectLiveKit(board().stack.config.livekit).sip;
    await outboundTrunks.create(
      SIPOutboundTrunkInfo.fromJson({
        name: 'of-a-test',
        address: `127.0.0.1:${desk.sipp.local.port}`,
        numbers: ['+15550111'],
        authUsername: 'attendant',
        authPassword: 'open sesame',
      }),
      AbortSignal.timeout(10_000),
    );
    const call = await board().call({
      agent: 'transfers',
      turns: transferring('tel:+15550145'),
      steps: [{ kind: 'until_bye' }],
    });
    expect((await call.ended()).transfers).toMatchObject([{ status: 'completed', to: 'tel:+15550145' }]);
    const invites = (await desk.sipp.messages()).filter(({ method }) => method === 'INVITE');
    const last = invites.at(-1);
    expect(last && headerOf(last, 'to')).toContain('<sip:+15550145@127.0.0.1');
    expect(last && headerOf(last, 'from')).toContain('<sip:+15550111@');
    expect(holds(last)).toBe(true);
    await desk.sipp.cue();
    expect((await call.done()).passed).toBe(true);
  });

  it('goes over TCP where the destination says so', async (context) => {
    const { expect } = context;
    const steps = [{ kind: 'pause', ms: 1_000 }, { kind: 'bye' }] as const;
    const desk = await farEnd(context, { kind: 'answer', steps }, { transport: 'tcp' });
    const call = await board().call({
      agent: 'transfers',
      turns: transferring(desk.uri),
      headers: { 'X-Vars': `over_tcp=${desk.uri}` },
      steps: [{ kind: 'until_bye' }],
    });
    expect((await call.ended()).transfers).toMatchObject([{ status: 'completed' }]);
    const invite = await desk.sipp.until(({ method }) => method === 'INVITE', WITHIN);
    expect(headerOf(invite, 'via')).toContain('SIP/2.0/TCP');
    expect((await desk.sipp.done()).passed).toBe(true);
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

  it('lets the caller hear music or ringing from the first second, and who answered in its place', async (context) => {
    const { expect } = context;
    const on = await placed(
      context,
      { kind: 'answer', ring: 3_000, steps: [{ kind: 'cue' }, { kind: 'bye' }] },
      [{ kind: 'until_bye' }],
      { to: 'straight' },
    );
    const { call, desk, ear } = on;
    const invite = await desk.until(({ method }) => method === 'INVITE', WITHIN);
    const ack = await desk.until(({ method }) => method === 'ACK', WITHIN);
    await joined(on);
    expect(call.earpiece.loudness(invite.at + 500, ack.at)).toBeGreaterThan(200);
    await until('the music has gone', () =>
      MUSIC.every((hertz) => share(call.earpiece, hertz, Date.now() - 1_000) < 0.005),
    );
    if (MEASURED)
      console.log('a bridge joins after', {
        desk: ear.firstOf(CALLER_HERTZ, ack.at) - ack.at,
        caller: call.earpiece.firstOf(DESK_HERTZ, ack.at) - ack.at,
      });
    await desk.cue();
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
