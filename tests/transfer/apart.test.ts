import { describe, it } from 'vitest';
import type { ApiRequest } from '../doubles/livekit-proxy.ts';
import { switchboard } from '../calls/switchboard.ts';
import { until } from '../until.ts';
import { briefed, heardOfEachOther, humming, joined, UNHEARD } from './humming.ts';

const board = switchboard({ proxied: true });
const placed = humming(board);
const WITHIN = { within: 60_000 };
/** Milliseconds of audio in which nothing may be heard. */
const LISTENED = 4_000;
const DESK = {
  kind: 'answer',
  steps: [{ kind: 'cue' }, { kind: 'press', digits: '1' }, { kind: 'cue' }, { kind: 'bye' }],
} as const;

describe('caller and callee of a warm transfer', () => {
  it('do not hear each other however late our requests reach LiveKit after the call to the callee', async (context) => {
    const { expect } = context;
    let dialed = false;
    board().proxy.keepBack(({ method }: ApiRequest) => {
      dialed ||= method === 'SIP/CreateSIPParticipant';
      return dialed && method.startsWith('RoomService/');
    });
    context.onTestFinished(() => board().proxy.release());
    const on = await placed(context, DESK, [{ kind: 'until_bye' }]);
    const { at } = await on.desk.until(({ method }) => method === 'ACK', WITHIN);
    const samples = (LISTENED / 1_000) * 8_000 * 2;
    await until('both had time to hear', () =>
      [on.ear, on.call.earpiece].every((ear) => ear.samples(at).length > samples),
    );
    const alone = heardOfEachOther(on, at);
    expect(alone.callerHeardByDesk).toBeLessThan(UNHEARD);
    expect(alone.deskHeardByCaller).toBeLessThan(UNHEARD);
    const released = Date.now();
    board().proxy.release();
    await briefed(on, at);
    await until('the caller hears music', () => on.call.earpiece.loudness(Date.now() - 500) > 200);
    const told = heardOfEachOther(on, released);
    expect(told.callerHeardByDesk).toBeLessThan(UNHEARD);
    expect(told.deskHeardByCaller).toBeLessThan(UNHEARD);
    await on.desk.cue();
    await joined(on);
    expect((await on.call.ended()).transfers).toMatchObject([{ status: 'completed', method: 'warm' }]);
    await on.desk.cue();
    expect((await on.call.done()).passed).toBe(true);
  });

  it('do not hear each other while signalling is cut and resumes, and are joined all the same', async (context) => {
    const { expect } = context;
    const on = await placed(context, DESK, [{ kind: 'until_bye' }]);
    const { at } = await on.desk.until(({ method }) => method === 'ACK', WITHIN);
    await until('the desk is being told', () => on.ear.voiceSince(at) > 500);
    const { proxy } = board();
    // The agent, the caller's leg and the callee's.
    expect(proxy.cut((identity) => identity !== '')).toBe(3);
    await until('all have resumed', () => proxy.connected.filter((identity) => identity !== '').length === 3);
    const resumed = Date.now();
    await until('all had time to hear', () => on.ear.samples(resumed).length > 3 * 8_000 * 2);
    const cued = Date.now();
    await on.desk.cue();
    await joined(on);
    const before = heardOfEachOther(on, at, cued);
    expect(before.callerHeardByDesk).toBeLessThan(UNHEARD);
    expect(before.deskHeardByCaller).toBeLessThan(UNHEARD);
    expect((await on.call.ended()).transfers).toMatchObject([{ status: 'completed', method: 'warm' }]);
    await on.desk.cue();
    expect((await on.call.done()).passed).toBe(true);
  });
});
