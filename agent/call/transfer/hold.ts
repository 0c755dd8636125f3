import {
  AudioFrame,
  AudioSource,
  LocalAudioTrack,
  type LocalTrackPublication,
  type Room,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';
import type { Log } from '../../../base/log.ts';
import { HOLD_RATE, holdMusic, ringback } from './tones.ts';

/** Samples of a frame: each costs the process the same, whatever its length. */
const FRAME = HOLD_RATE / 10;
/** Milliseconds of audio queued ahead. */
const QUEUE = 600;

/** What the caller hears while somebody else is dialed: a track of its own, until `end`. */
export class Hold {
  readonly #room: Room;
  readonly #source: AudioSource;
  readonly #log: Log;
  readonly #publication: LocalTrackPublication | undefined;
  #ended = false;
  #played: Promise<void> = Promise.resolve();

  private constructor(
    room: Room,
    source: AudioSource,
    publication: LocalTrackPublication | undefined,
    log: Log,
  ) {
    this.#room = room;
    this.#source = source;
    this.#publication = publication;
    this.#log = log;
  }

  static async begin(room: Room, kind: 'music' | 'ringback', log: Log): Promise<Hold> {
    const source = new AudioSource(HOLD_RATE, 1, QUEUE);
    const track = LocalAudioTrack.createAudioTrack('hold', source);
    const publication = await room.localParticipant?.publishTrack(
      track,
      new TrackPublishOptions({ source: TrackSource.SOURCE_UNKNOWN }),
    );
    const hold = new Hold(room, source, publication, log);
    hold.#played = hold.#play(kind === 'music' ? holdMusic() : ringback());
    return hold;
  }

  /** The track's id; a reconnection may give it a new one. */
  get sid(): string | undefined {
    return this.#publication?.sid;
  }

  /** Resolves when somebody has subscribed to it. */
  get heard(): Promise<void> {
    return this.#publication?.waitForSubscription() ?? new Promise(() => undefined);
  }

  get ended(): boolean {
    return this.#ended;
  }

  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#source.clearQueue();
    await this.#room.localParticipant
      ?.unpublishTrack(this.sid ?? '')
      .catch((error: unknown) =>
        this.#log.warn({ pii: { error } }, 'the hold music could not be taken away'),
      );
    await this.#played;
    await this.#source.close();
  }

  async #play(loop: Int16Array): Promise<void> {
    for (let at = 0; !this.#ended; at = (at + FRAME) % loop.length) {
      const frame = new AudioFrame(loop.subarray(at, at + FRAME), HOLD_RATE, 1, FRAME);
      try {
        await this.#source.captureFrame(frame);
      } catch (error) {
        // An ended source refuses frames.
        if (!this.ended) this.#log.warn({ pii: { error } }, 'the hold music stopped');
        return;
      }
    }
  }
}
