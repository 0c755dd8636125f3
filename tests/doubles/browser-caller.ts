import {
  AudioFrame,
  AudioSource,
  AudioStream,
  LocalAudioTrack,
  type RemoteTrack,
  Room,
  RoomEvent,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';
import { AccessToken } from 'livekit-server-sdk';
import type { Config } from '../../config.ts';
import { VOICE_HERTZ } from './model-server.ts';
import { amplitudeOf } from './tone.ts';

const RATE = 16_000;
/** Of full scale 32,767. */
const AUDIBLE = 1_000;
const FRAME = RATE / 50;

/** Somebody in a browser: joins a room with a token, sends the sound of a quiet microphone, and listens. */
export class BrowserCaller {
  readonly #room = new Room();
  readonly #source = new AudioSource(RATE, 1);
  readonly #readers: ReadableStreamDefaultReader<AudioFrame>[] = [];
  #over = false;
  /** Milliseconds of the model server's voice. */
  heard = 0;

  static async join(
    livekit: Config['livekit'],
    room: string,
    identity: string,
    attributes: Record<string, string> = {},
  ): Promise<BrowserCaller> {
    const token = new AccessToken(livekit.apiKey, livekit.apiSecret, { identity, attributes });
    token.addGrant({ room, roomJoin: true, canPublish: true, canSubscribe: true });
    const caller = new BrowserCaller();
    caller.#room.on(RoomEvent.TrackSubscribed, (track: RemoteTrack) => {
      if (track.kind === TrackKind.KIND_AUDIO) void caller.#listen(track);
    });
    await caller.#room.connect(livekit.url, await token.toJwt(), { autoSubscribe: true, dynacast: false });
    const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE });
    const track = LocalAudioTrack.createAudioTrack('microphone', caller.#source);
    await caller.#room.localParticipant?.publishTrack(track, options);
    void caller.#breathe();
    return caller;
  }

  /** Identities of the others in the room. */
  get others(): string[] {
    return [...this.#room.remoteParticipants.keys()];
  }

  get isConnected(): boolean {
    return this.#room.isConnected;
  }

  async leave(): Promise<void> {
    this.#over = true;
    for (const reader of this.#readers.splice(0)) await reader.cancel().catch(() => undefined);
    await this.#room.disconnect().catch(() => undefined);
    await this.#source.close().catch(() => undefined);
  }

  async #breathe(): Promise<void> {
    while (!this.#over) {
      const frame = new AudioFrame(new Int16Array(FRAME), RATE, 1, FRAME);
      await this.#source.captureFrame(frame).catch(() => (this.#over = true));
    }
  }

  async #listen(track: RemoteTrack): Promise<void> {
    const reader = new AudioStream(track, { sampleRate: RATE, numChannels: 1, frameSizeMs: 50 }).getReader();
    this.#readers.push(reader);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const pcm = Buffer.from(value.data.buffer, value.data.byteOffset, value.data.byteLength);
      if (amplitudeOf(VOICE_HERTZ, pcm, RATE) > AUDIBLE) this.heard += 50;
    }
  }
}
