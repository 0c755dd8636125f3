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
import {
  ReadableStream,
  type ReadableStreamDefaultController,
  type ReadableStreamDefaultReader,
} from 'node:stream/web';

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
  #heard: { track: RemoteTrack; reader: ReadableStreamDefaultReader<AudioFrame> } | undefined;
  #frames: ReadableStreamDefaultController<AudioFrame> | undefined;
  readonly #stream = new ReadableStream<AudioFrame>({ start: (frames) => void (this.#frames = frames) });
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

  /** The framework's own way to join streams costs each frame a dozen promises. */
  override get stream(): ReadableStream<AudioFrame> {
    return this.#stream;
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
    this.#frames?.close();
    this.#frames = undefined;
    await super.close();
  }

  #hearPublished(): void {
    const caller = this.#room.remoteParticipants.get(this.#identity);
    for (const { track } of caller?.trackPublications.values() ?? []) this.#hear(track);
  }

  #hear(track: Track | undefined): void {
    if (!(track instanceof RemoteAudioTrack) || this.#closing || this.#deaf) return;
    void this.#stopHearing();
    const stream = new AudioStream(track, { sampleRate: RATE, numChannels: 1, frameSizeMs: FRAME });
    // rtc-node's stream is Node's own under another declaration.
    const reader = (stream as unknown as ReadableStream<AudioFrame>).getReader();
    this.#heard = { track, reader };
    void this.#pass(reader);
  }

  async #pass(reader: ReadableStreamDefaultReader<AudioFrame>): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this.#heard?.reader !== reader) return;
        this.#frames?.enqueue(value);
      }
    } catch {
      // The track is gone, and its stream with it.
    }
  }

  async #stopHearing(): Promise<void> {
    const { reader } = this.#heard ?? {};
    this.#heard = undefined;
    await reader?.cancel().catch(() => undefined); // Ended by its track already.
  }
}
