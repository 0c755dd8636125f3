import { voice } from '@livekit/agents';
import {
  type AudioFrame,
  AudioStream,
  RemoteAudioTrack,
  type RemoteParticipant,
  type RemoteTrack,
  type RemoteTrackPublication,
  type Room,
  RoomEvent,
  type Track,
} from '@livekit/rtc-node';
import type { ReadableStream } from 'node:stream/web';

/** What voice activity detection, end-of-turn detection and speech recognition take; G.722 carries no more. */
const RATE = 16_000;
/**
 * Milliseconds of audio in a frame. Each frame costs the process the same whatever its length, and the framework's own 10 ms are
 * most of what a call costs; above 50 the agent would be slower to notice that it is talked over.
 */
const FRAME = 50;

/** The caller's audio: one participant's track, in frames of 50 ms, bound again when the track is replaced. */
export class Ears extends voice.AudioInput {
  readonly #room: Room;
  readonly #identity: string;
  #heard: { track: RemoteTrack; id: string; stream: ReadableStream<AudioFrame> } | undefined;
  #closing: Promise<void> | undefined;
  #deaf = false;

  constructor(room: Room, identity: string) {
    super();
    this.#room = room;
    this.#identity = identity;
    room.on(RoomEvent.TrackSubscribed, this.#onSubscribed);
    room.on(RoomEvent.TrackUnsubscribed, this.#onUnsubscribed);
    this.#hearPublished();
  }

  /** Whether the caller is heard; while not, frames are not even taken. */
  listen(on: boolean): void {
    this.#deaf = !on;
    if (!on) void this.#stopHearing();
    else if (!this.#heard) this.#hearPublished();
  }

  override async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  readonly #onSubscribed = (
    track: RemoteTrack,
    _publication: RemoteTrackPublication,
    participant: RemoteParticipant,
  ): void => {
    if (participant.identity === this.#identity) this.#hear(track);
  };

  readonly #onUnsubscribed = (track: RemoteTrack): void => {
    if (this.#heard?.track === track) void this.#stopHearing();
  };

  async #close(): Promise<void> {
    this.#room.off(RoomEvent.TrackSubscribed, this.#onSubscribed);
    this.#room.off(RoomEvent.TrackUnsubscribed, this.#onUnsubscribed);
    await this.#stopHearing();
    await super.close();
  }

  #hearPublished(): void {
    const caller = this.#room.remoteParticipants.get(this.#identity);
    for (const { track } of caller?.trackPublications.values() ?? []) this.#hear(track);
  }

  #hear(track: Track | undefined): void {
    if (!(track instanceof RemoteAudioTrack) || this.#closing || this.#deaf) return;
    void this.#stopHearing();
    // rtc-node's stream is Node's own under another declaration.
    const stream = new AudioStream(track, {
      sampleRate: RATE,
      numChannels: 1,
      frameSizeMs: FRAME,
    }) as unknown as ReadableStream<AudioFrame>;
    this.#heard = { track, stream, id: this.multiStream.addInputStream(stream) };
  }

  async #stopHearing(): Promise<void> {
    const heard = this.#heard;
    this.#heard = undefined;
    if (!heard) return;
    await this.multiStream.removeInputStream(heard.id);
    await heard.stream.cancel().catch(() => undefined); // Ended by its track already.
  }
}
