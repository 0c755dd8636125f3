import type { Room } from '@livekit/rtc-node';
import type { Log } from '../../../base/log.ts';
import { Hold } from '../transfer/hold.ts';

/** The ringing tone of a caller whom no agent talks to: while it is on, it is what answers the call. */
export class Ringing {
  readonly #room: Room;
  readonly #log: Log;
  #hold: Promise<Hold | undefined> = Promise.resolve(undefined);
  #on = false;

  constructor(room: Room, log: Log) {
    this.#room = room;
    this.#log = log;
  }

  set on(is: boolean) {
    if (is === this.#on) return;
    this.#on = is;
    this.#hold = this.#hold.then(async (hold) => {
      try {
        await hold?.end();
        return is ? await Hold.begin(this.#room, 'ringback', this.#log) : undefined;
      } catch (error) {
        this.#log.warn({ pii: { error } }, 'the ringing tone failed');
        return undefined;
      }
    });
  }

  /** Resolves when it is not heard any more. */
  async end(): Promise<void> {
    this.on = false;
    await this.#hold;
  }
}
