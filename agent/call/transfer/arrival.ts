import type { EventEmitter } from 'node:events';
import { type Room, RoomEvent } from '@livekit/rtc-node';
import type { Clock } from '../../../base/clock.ts';

/** What of a room tells who is in it. */
export type Attendance = Pick<Room, 'remoteParticipants'> & Pick<EventEmitter, 'on' | 'off'>;

/** Milliseconds: many times what LiveKit takes to tell a room of a newcomer. */
const ARRIVAL_LIMIT = 10_000;

/**
 * LiveKit answers that somebody has picked up, and tells the room that they are in it, by two ways: either may come first. Whoever asks the
 * room before it knows would take a callee who has just come for one who has gone. Watch from before the dialing on.
 *
 * @example
 * const arrival = new Arrival(room, identity, clock);
 * await dial(identity);
 * await arrival.known(ending); // now a participant who is not in the room has left it
 */
export class Arrival {
  readonly #room: Attendance;
  readonly #clock: Clock;
  readonly #came = new AbortController();
  readonly #onCame: (participant: { identity: string }) => void;

  constructor(room: Attendance, identity: string, clock: Clock) {
    this.#room = room;
    this.#clock = clock;
    this.#onCame = (participant) => {
      if (participant.identity === identity) this.#came.abort(new Error('came'));
    };
    room.on(RoomEvent.ParticipantConnected, this.#onCame);
    if (room.remoteParticipants.has(identity)) this.#came.abort(new Error('came'));
  }

  /** Resolves when they have been in the room, though they may have left since; or after 10 s, or with the signal. Never rejects. */
  async known(signal: AbortSignal): Promise<void> {
    await this.#clock
      .sleep(ARRIVAL_LIMIT, AbortSignal.any([this.#came.signal, signal]))
      .catch(() => undefined);
  }

  forget(): void {
    this.#room.off(RoomEvent.ParticipantConnected, this.#onCame);
  }
}
