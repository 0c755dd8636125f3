import { type AnyMessage, type Message, proto3, ScalarType } from '@bufbuild/protobuf';
import { AudioStream, Room, RoomEvent, type RemoteTrack, TrackKind } from '@livekit/rtc-node';
import {
  EgressInfo,
  EgressStatus,
  FileInfo,
  RoomCompositeEgressRequest,
  StopEgressRequest,
} from '@livekit/protocol';
import { AccessToken } from 'livekit-server-sdk';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../../config.ts';
import { Psrpc, RpcError } from './psrpc.ts';

/** Of rpc/egress.proto, as far as it is used. */
const StartEgressRequest = proto3.makeMessageType('rpc.StartEgressRequest', () => [
  { no: 1, name: 'egress_id', kind: 'scalar', T: ScalarType.STRING },
  { no: 3, name: 'room_id', kind: 'scalar', T: ScalarType.STRING },
  { no: 5, name: 'room_composite', kind: 'message', T: RoomCompositeEgressRequest },
]);

const RATE = 16_000;

/** What the double did, and when. Milliseconds since 1970. */
export interface EgressEvent {
  readonly what: 'started' | 'stopped';
  readonly id: string;
  readonly room: string;
  readonly at: number;
}

/**
 * Stands for LiveKit's egress, which needs GStreamer. It is a double of that one process and of nothing else: the real livekit-server talks to it
 * over Redis as to a real one, and it is in the room as one, a hidden recorder that hears every track. What it cannot do is encode: its files
 * are WAV, whatever was asked for, in a folder that stands for the file system of its machine.
 */
export class EgressService {
  readonly events: EgressEvent[] = [];
  readonly requests: RoomCompositeEgressRequest[] = [];
  /** What a stop waits for. */
  beforeStop: () => Promise<void> = () => Promise.resolve();
  /** Which files it has room for; LiveKit looks for another egress for those that it has not. */
  takes: (path: string) => boolean = () => true;
  readonly #psrpc: Psrpc;
  readonly #livekit: Config['livekit'];
  readonly #folder: string;
  readonly #running = new Map<string, Recorder>();
  #isOver = false;
  #end: () => Promise<void> = () => Promise.resolve();

  private constructor(psrpc: Psrpc, config: Pick<Config, 'livekit'>, folder: string) {
    this.#psrpc = psrpc;
    this.#livekit = config.livekit;
    this.#folder = folder;
  }

  static async start(config: Pick<Config, 'livekit' | 'redisUrl'>, folder: string): Promise<EgressService> {
    const psrpc = await Psrpc.connect(config.redisUrl);
    const service = new EgressService(psrpc, config, folder);
    service.#end = await psrpc.serve(
      'EgressInternal',
      'StartEgress',
      '',
      (request) => service.#startEgress(StartEgressRequest.fromBinary(request)),
      (request) => service.takes(fileOf(StartEgressRequest.fromBinary(request))),
    );
    return service;
  }

  /** Where a file of its machine is on this one. */
  path(location: string): string {
    return join(this.#folder, location);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#end();
    for (const recorder of this.#running.values()) await recorder.end();
    this.#psrpc.close();
  }

  async #startEgress(request: AnyMessage): Promise<Message> {
    const id = request['egressId'] as string;
    const asked = request['roomComposite'] as RoomCompositeEgressRequest | undefined;
    const [output] = asked?.fileOutputs ?? [];
    if (!asked || !output) throw new RpcError('invalid_argument', 'the double records rooms into files');
    this.requests.push(asked);
    const room = asked.roomName;
    const startedAt = BigInt(Date.now()) * 1_000_000n;
    const info = new EgressInfo({
      ...{ egressId: id, roomId: request['roomId'] as string, roomName: room, startedAt },
      status: EgressStatus.EGRESS_STARTING,
      request: { case: 'roomComposite', value: asked },
    });
    const recorder = new Recorder();
    this.#running.set(id, recorder);
    const told = info.clone();
    const finish = async () => {
      const pcm = await recorder.end();
      const path = this.path(output.filepath);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, wav(pcm));
      const endedAt = BigInt(Date.now()) * 1_000_000n;
      const duration = (BigInt(pcm.length) * 1_000_000_000n) / BigInt(RATE);
      const size = BigInt(pcm.length * 2 + 44);
      const file = {
        filename: output.filepath,
        location: output.filepath,
        startedAt,
        endedAt,
        duration,
        size,
      };
      info.endedAt = endedAt;
      info.fileResults = [new FileInfo(file)];
      await this.#update(info, EgressStatus.EGRESS_COMPLETE);
      this.#running.delete(id);
      await unserve();
    };
    const unserve = await this.#psrpc.serve('EgressHandler', 'StopEgress', id, async (bytes) => {
      StopEgressRequest.fromBinary(bytes);
      await this.beforeStop();
      recorder.hearsNothing();
      this.events.push({ what: 'stopped', id, room, at: Date.now() });
      info.status = EgressStatus.EGRESS_ENDING;
      void finish();
      return info.clone();
    });
    void recorder
      .join(this.#livekit, room, id, () => {
        if (info.status === EgressStatus.EGRESS_ACTIVE) void finish();
      })
      .then(() => {
        if (info.status === EgressStatus.EGRESS_STARTING)
          return this.#update(info, EgressStatus.EGRESS_ACTIVE);
        return undefined;
      });
    this.events.push({ what: 'started', id, room, at: Date.now() });
    return told;
  }

  async #update(info: EgressInfo, status: EgressStatus): Promise<void> {
    info.status = status;
    info.updatedAt = BigInt(Date.now()) * 1_000_000n;
    await this.#psrpc.request('IOInfo', 'UpdateEgress', info).catch((error: unknown) => {
      if (!this.#isOver) throw error;
    });
  }
}

function fileOf(request: AnyMessage): string {
  const asked = request['roomComposite'] as RoomCompositeEgressRequest | undefined;
  return asked?.fileOutputs[0]?.filepath ?? '';
}

/** One hidden participant that hears all there is to hear. */
class Recorder {
  readonly #room = new Room();
  readonly #heard: { at: number; samples: Int16Array }[] = [];
  readonly #readers: ReadableStreamDefaultReader<{ data: Int16Array }>[] = [];
  #deaf = false;

  async join(
    livekit: Config['livekit'],
    room: string,
    identity: string,
    onClosed: () => void,
  ): Promise<void> {
    // As BuildEgressToken of livekit/protocol makes it.
    const token = new AccessToken(livekit.apiKey, livekit.apiSecret, { identity });
    token.kind = 'egress';
    token.addGrant({
      ...{ room, roomJoin: true, canSubscribe: true, canPublish: false, canPublishData: false },
      ...{ hidden: true, recorder: true },
    });
    this.#room.on(RoomEvent.TrackSubscribed, (track: RemoteTrack) => {
      if (track.kind === TrackKind.KIND_AUDIO) void this.#listen(track);
    });
    this.#room.on(RoomEvent.Disconnected, onClosed);
    await this.#room.connect(livekit.url, await token.toJwt(), { autoSubscribe: true, dynacast: false });
  }

  hearsNothing(): void {
    this.#deaf = true;
  }

  /** Leaves, with all that was heard, mixed. */
  async end(): Promise<Int16Array> {
    this.#deaf = true;
    for (const reader of this.#readers.splice(0)) await reader.cancel().catch(() => undefined);
    await this.#room.disconnect().catch(() => undefined);
    const start = Math.min(...this.#heard.map(({ at }) => at));
    const place = (at: number) => Math.round(((at - start) * RATE) / 1_000);
    const mix = new Int16Array(
      Math.max(0, ...this.#heard.map(({ at, samples }) => place(at) + samples.length)),
    );
    for (const { at, samples } of this.#heard) {
      const from = place(at);
      for (const [i, sample] of samples.entries())
        mix[from + i] = Math.max(-32_768, Math.min(32_767, (mix[from + i] ?? 0) + sample));
    }
    return mix;
  }

  async #listen(track: RemoteTrack): Promise<void> {
    const reader = new AudioStream(track, { sampleRate: RATE, numChannels: 1, frameSizeMs: 50 }).getReader();
    this.#readers.push(reader);
    // Frames come in bursts; each follows the one before.
    let next = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (this.#deaf) continue;
      next = Math.max(next, Date.now());
      this.#heard.push({ at: next, samples: Int16Array.from(value.data) });
      next += (value.data.length / RATE) * 1_000;
    }
  }
}

/** 16 bit, one channel. */
function wav(samples: Int16Array): Buffer {
  const header = Buffer.alloc(44);
  const size = samples.length * 2;
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + size, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(RATE, 24);
  header.writeUInt32LE(RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(size, 40);
  return Buffer.concat([header, Buffer.from(samples.buffer, samples.byteOffset, size)]);
}
