import { AudioStream, type RemoteAudioTrack, type Room, RoomEvent } from '@livekit/rtc-node';
import type { Clock } from '../../base/clock.ts';
import type { AnsweredBy } from '../../threads/entry.ts';
import type { Outbound } from '../definition/outbound.ts';
import { audioTrackOf } from './audio-track.ts';
import { FirstWords, FRAME, RATE } from './first-words.ts';

type Settings = NonNullable<Outbound['machine']>;
type Frames = AsyncIterator<{ readonly data: Int16Array }, undefined>;

/** Milliseconds that a leg which has answered may take to be heard. */
const TRACK_WITHIN = 5_000;
/** A machine that is silent for so long records. Milliseconds. */
const RECORDS_AFTER = 2_500;

/** Listens who picked up, from the answer on. */
export class WhoAnswers {
  readonly #settings: Settings;
  readonly #words: FirstWords;
  readonly #frames: Promise<Frames | undefined>;
  #stream: ReturnType<typeof streamOf> | undefined;

  constructor(room: Room, identity: string, settings: Settings, clock: Clock) {
    this.#settings = settings;
    this.#words = new FirstWords({
      longestGreeting: settings.longest_greeting * 1_000,
      pause: settings.pause * 1_000,
      silence: settings.silence * 1_000,
    });
    this.#frames = trackOf(room, identity, clock).then((track) => {
      if (!track) return undefined;
      this.#stream = streamOf(track);
      return this.#stream[Symbol.asyncIterator]();
    });
  }

  /** Who it was; `unknown` also where the call ends first. */
  async told(signal: AbortSignal): Promise<AnsweredBy> {
    const found = await this.#until((heard) => heard !== 'nothing yet', signal);
    return found === undefined || found === 'nothing yet' ? 'unknown' : found;
  }

  /** Resolves when the machine records: its tone is over, or it has been silent for long. */
  async records(signal: AbortSignal): Promise<void> {
    let frames = (this.#settings.tone_within * 1_000) / FRAME;
    await this.#until(
      () => this.#words.toneHeard || this.#words.quietFor >= RECORDS_AFTER || --frames < 0,
      signal,
    );
  }

  async end(): Promise<void> {
    await this.#frames.catch(() => undefined);
    await this.#stream?.cancel().catch(() => undefined); // Ended by its track already.
  }

  async #until(
    enough: (heard: ReturnType<FirstWords['hear']>) => boolean,
    signal: AbortSignal,
  ): Promise<ReturnType<FirstWords['hear']> | undefined> {
    const frames = await this.#frames;
    while (frames && !signal.aborted) {
      const next = await frames.next();
      if (next.done) return undefined;
      const heard = this.#words.hear(next.value.data);
      if (enough(heard)) return heard;
    }
    return undefined;
  }
}

function streamOf(track: RemoteAudioTrack) {
  return new AudioStream(track, { sampleRate: RATE, numChannels: 1, frameSizeMs: FRAME });
}

async function trackOf(room: Room, identity: string, clock: Clock): Promise<RemoteAudioTrack | undefined> {
  const find = () => audioTrackOf(room, identity);
  const came = new AbortController();
  const onSubscribed = () => {
    if (find()) came.abort(new Error('it is there'));
  };
  room.on(RoomEvent.TrackSubscribed, onSubscribed);
  onSubscribed();
  await clock.sleep(TRACK_WITHIN, came.signal).catch(() => undefined);
  room.off(RoomEvent.TrackSubscribed, onSubscribed);
  return find();
}
