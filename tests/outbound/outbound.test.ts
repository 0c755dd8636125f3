import { SIPOutboundTrunkInfo } from '@livekit/protocol';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectLiveKit } from '../../livekit/client.ts';
import { headerOf } from '../../rehearsal/sip-trace.ts';
import type { FarEnd } from '../../rehearsal/sipp-callee.ts';
import { switchboard } from '../calls/switchboard.ts';
import { lines } from '../calls/test-call.ts';
import { until } from '../until.ts';
import { api, place, recording } from './placed-call.ts';

const board = switchboard();
const UNTIL_BYE: FarEnd = { kind: 'answer', steps: [{ kind: 'until_bye' }] };
const WITHIN = { within: 60_000 };
/** Of full scale 32,767. */
const VOICE = 500;

async function roomsAreGone(room: string): Promise<void> {
  const { rooms } = connectLiveKit(board().stack.config.livekit);
  await until('the room is gone', async () =>
    (await rooms.list(AbortSignal.timeout(5_000))).every(({ name }) => name !== room),
  );
}

describe.concurrent('a call that an agent makes', () => {
  it('is on its thread from the request on, says what it was told, listens, and is ended by the agent', async (context) => {
    const { expect } = context;
    const said = await board().sentence('thank you for telling me');
    const call = await place(
      context,
      board(),
      {
        kind: 'answer',
        ring: 300,
        steps: [{ kind: 'cue' }, { kind: 'play', file: said }, { kind: 'until_bye' }],
      },
      {
        turns: [{ say: 'Goodbye then.', call: [{ name: 'end_dialog', args: {} }] }],
        vars: { name: 'Ada', ticket: '4711' },
        headers: { 'X-Campaign': 'spring', 'x-ticket': 'forged' },
        caller_id: '+15550178',
      },
    );
    expect(call.begun).toMatchObject({
      uid: call.uid,
      status: 'active',
      direction: 'outbound',
      agent: 'dialing',
      caller: {
        number: '+15550178',
        dialed: call.uri,
        vars: { name: 'Ada' },
        headers: { 'x-campaign': 'spring' },
      },
    });
    const ack = await call.desk.until(({ method }) => method === 'ACK', WITHIN);
    await until('the callee hears the greeting', () => call.ear.loudness(ack.at) > VOICE);
    await until('the greeting is on the thread', async () => {
      const response = await api(board(), 'GET', `/threads/${call.uid}`);
      return (await response.text()).includes('Good day, Ada.');
    });
    await call.desk.cue();
    await call.desk.until(({ method }) => method === 'BYE', WITHIN);
    const thread = await call.ended();
    expect(lines(thread.history)).toEqual([
      'agent: Good day, Ada.',
      'caller: thank you for telling me',
      'agent: Goodbye then.',
      'agent → end_dialog',
      'end_dialog ⇒ {"ended":true}',
    ]);
    expect(thread.end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
    expect(thread.answered_at).not.toBeNull();
    const invites = (await call.desk.messages()).filter(({ method }) => method === 'INVITE');
    expect(invites).toHaveLength(1);
    const [invite] = invites;
    expect(invite && headerOf(invite, 'from')).toContain('<sip:+15550178@');
    expect(invite && headerOf(invite, 'from')).toContain('Desk of Ada');
    expect(invite?.headers.filter(([name]) => /^x-(ticket|campaign)$/i.test(name)).sort()).toEqual([
      ['X-Campaign', 'spring'],
      ['X-Ticket', '4711'],
    ]);
    await roomsAreGone(thread.room);
  });

  it.for([
    ['is busy', { kind: 'refuse', status: 486 }, { result: 'failed', reason: 'busy', sip_status: 486 }],
    ['refuses', { kind: 'refuse', status: 603 }, { result: 'failed', reason: 'rejected', sip_status: 603 }],
    ['fails', { kind: 'refuse', status: 503 }, { result: 'failed', reason: 'server_error', sip_status: 503 }],
    ['rings on', { kind: 'ring' }, { result: 'failed', reason: 'no_answer' }],
    ['is silent', { kind: 'silent' }, { result: 'failed', reason: 'no_response' }],
  ] as const)('to somebody who %s ends with that on the thread', async ([, does, reason], context) => {
    const call = await place(context, board(), does);
    const thread = await call.ended();
    context.expect(thread.end_reason).toEqual(reason);
    context.expect(thread).toMatchObject({ answered_at: null, history: [] });
    await roomsAreGone(thread.room);
  });

  it('ends when the callee hangs up', async (context) => {
    const call = await place(context, board(), { kind: 'answer', steps: [{ kind: 'cue' }, { kind: 'bye' }] });
    await call.desk.until(({ method }) => method === 'ACK', WITHIN);
    await call.desk.cue();
    const thread = await call.ended();
    context.expect(thread.end_reason).toEqual({ result: 'abandoned', reason: 'callee_hung_up' });
    await roomsAreGone(thread.room);
  });

  it('to a number goes over a trunk of the agent, and says so where there is none', async (context) => {
    const { expect } = context;
    const without = await place(context, board(), UNTIL_BYE, { to: () => '+1 (555) 014-5000' });
    expect((await without.ended()).end_reason).toEqual({ result: 'failed', reason: 'trunk_unknown' });

    const { outboundTrunks } = connectLiveKit(board().stack.config.livekit).sip;
    const hangsUp: FarEnd = { kind: 'answer', steps: [{ kind: 'cue' }, { kind: 'bye' }] };
    const call = await place(context, board(), hangsUp, {
      to: async (port) => {
        const trunk = { name: 'of-this-test', address: `127.0.0.1:${port}`, numbers: ['+15550111'] };
        await outboundTrunks.create(SIPOutboundTrunkInfo.fromJson(trunk), AbortSignal.timeout(10_000));
        return '+15550145000';
      },
    });
    const invite = await call.desk.until(({ method }) => method === 'INVITE', WITHIN);
    expect(headerOf(invite, 'to')).toContain('<sip:+15550145000@127.0.0.1');
    expect(headerOf(invite, 'from')).toContain('<sip:+15550177@');
    await call.desk.cue();
    expect((await call.ended()).caller).toMatchObject({ dialed: '+15550145000', trunk: 'of-this-test' });
  });

  it('is refused where the definition does not allow it, and nothing is dialed', async (context) => {
    const { expect } = context;
    for (const [body, status, code] of [
      [{ to: '+15559000000' }, 403, 'E_OUTBOUND_REFUSED'],
      [{ to: '+19005550123' }, 403, 'E_OUTBOUND_REFUSED'],
      [{ to: 'sip:911@127.0.0.1:5060' }, 403, 'E_OUTBOUND_REFUSED'],
      [{ to: 'sip:desk@127.0.0.1:5060', trunk: 'of-this-test' }, 403, 'E_OUTBOUND_REFUSED'],
      [{ to: '+15550123', caller_id: '+19005550123' }, 403, 'E_OUTBOUND_REFUSED'],
      [{ to: '+15550123', agent: 'scripted' }, 403, 'E_OUTBOUND_REFUSED'],
      [{ to: '+15550123', agent: 'nobodys' }, 404, 'E_DEFINITION_NOT_FOUND'],
      [{ to: 'sip:a@b?Replaces=x' }, 400, 'E_BAD_REQUEST'],
    ] as const) {
      const response = await api(board(), 'POST', '/calls', { agent: 'dialing', ...body });
      expect({ body, status: response.status, ...((await response.json()) as object) }).toMatchObject({
        status,
        code,
      });
    }
  });
});

describe.concurrent('an agent that listens who picks up', () => {
  const greeting =
    'Hello, you have reached the voicemail of Ada. I cannot take your call right now. Please leave a message after the tone.';

  it('speaks to a person after their first words', async (context) => {
    const { expect } = context;
    const audio = await recording(context, [500, 'Hello?', 60_000]);
    const call = await place(
      context,
      board(),
      { kind: 'answer', steps: [{ kind: 'cue' }, { kind: 'bye' }] },
      {
        agent: 'dialing-machines',
        audio,
        vars: { name: 'Ada' },
      },
    );
    await until('the greeting is on the thread', async () => {
      const response = await api(board(), 'GET', `/threads/${call.uid}`);
      return (await response.text()).includes('Good day, Ada.');
    });
    await call.desk.cue();
    const thread = await call.ended();
    expect(thread.answered_by).toBe('human');
    expect(lines(thread.history)).toEqual(['agent: Good day, Ada.']);
  });

  it('leaves its message behind the tone of a machine, and hangs up', async (context) => {
    const { expect } = context;
    const audio = await recording(context, [300, greeting, 400, { hertz: 1_000, ms: 600 }, 60_000]);
    const call = await place(context, board(), UNTIL_BYE, {
      agent: 'dialing-machines',
      audio,
      vars: { name: 'Ada' },
    });
    const ack = await call.desk.until(({ method }) => method === 'ACK', WITHIN);
    const thread = await call.ended();
    expect(thread).toMatchObject({
      answered_by: 'machine',
      end_reason: { result: 'completed', reason: 'machine_message' },
    });
    expect(lines(thread.history)).toEqual(['agent: Please call us back, Ada.']);
    // Not a sound into its greeting, and all of the message behind it.
    expect(call.ear.loudness(ack.at, ack.at + 5_000)).toBeLessThan(VOICE / 5);
    expect(call.ear.loudness(ack.at + 5_000)).toBeGreaterThan(VOICE / 5);
  });
});

it('a number that is taken over the API is answered by its agent, and by nobody of its own when it is returned', async () => {
  const { config } = board().stack;
  writeFileSync(
    join(config.home, 'sip-trunks', 'pool.json'),
    JSON.stringify({ name: 'pool', allowed_addresses: ['127.0.0.1/32'], include_headers: 'SIP_X_HEADERS' }),
  );
  writeFileSync(
    join(config.home, 'numbers.yaml'),
    "numbers:\n  - { number: '+15550161', region: north, trunk: pool }\n",
  );
  const taken = await api(board(), 'POST', '/numbers', { agent: 'dialing', region: 'north' });
  expect(await taken.json()).toMatchObject({ number: '+15550161', agent: 'dialing' });
  const { sip } = connectLiveKit(config.livekit);
  const isThere = async () =>
    (await sip.dispatchRules.list(AbortSignal.timeout(5_000))).some(
      ({ name }) => name === 'number +15550161',
    );
  await until('LiveKit knows', isThere);
  // As a provider may send it.
  const call = await board().call({
    agent: '15550161',
    turns: [],
    steps: [{ kind: 'cue' }, { kind: 'bye' }],
  });
  const thread = await call.threadWith('says its greeting', ({ history }) => history.length > 0);
  expect(thread).toMatchObject({ agent: 'dialing', direction: 'inbound', caller: { dialed: '15550161' } });
  await call.cue();
  await call.ended();
  expect((await api(board(), 'DELETE', '/numbers/%2B15550161')).status).toBe(204);
  await until('LiveKit has forgotten', async () => !(await isThere()));
});
