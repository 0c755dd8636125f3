import { EventEmitter } from 'node:events';
import { RoomEvent } from '@livekit/rtc-node';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../base/fake-clock.ts';
import { Arrival, type Attendance } from './arrival.ts';

const somebody = (identity: string) => ({ identity });
class FakeRoom extends EventEmitter {
  readonly remoteParticipants: Attendance['remoteParticipants'] = new Map();
}
const room = () => new FakeRoom();
const CALL = new AbortController().signal;

/** Whether it has settled by now. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let has = false;
  void promise.then(() => (has = true));
  await new Promise((resolve) => setImmediate(resolve));
  return has;
}

describe('the arrival of who was dialed', () => {
  it('is waited for where LiveKit said answered before the room was told', async () => {
    const attended = room();
    const arrival = new Arrival(attended, 'callee', new FakeClock());
    const known = arrival.known(CALL);
    attended.emit(RoomEvent.ParticipantConnected, somebody('another'));
    expect(await settled(known)).toBe(false);
    attended.emit(RoomEvent.ParticipantConnected, somebody('callee'));
    expect(await settled(known)).toBe(true);
  });

  it('is known of one who came and went before it was asked', async () => {
    const attended = room();
    const arrival = new Arrival(attended, 'callee', new FakeClock());
    attended.emit(RoomEvent.ParticipantConnected, somebody('callee'));
    expect(await settled(arrival.known(CALL))).toBe(true);
  });

  it('is not waited for longer than the call, nor longer than ten seconds', async () => {
    const clock = new FakeClock();
    const arrival = new Arrival(room(), 'callee', clock);
    const ending = new AbortController();
    const known = arrival.known(ending.signal);
    ending.abort(new Error('over'));
    expect(await settled(known)).toBe(true);
    const long = arrival.known(CALL);
    expect(await settled(long)).toBe(false);
    await clock.advance(10_000);
    expect(await settled(long)).toBe(true);
  });

  it('leaves no listener behind', () => {
    const attended = room();
    new Arrival(attended, 'callee', new FakeClock()).forget();
    expect(attended.listenerCount(RoomEvent.ParticipantConnected)).toBe(0);
  });
});
