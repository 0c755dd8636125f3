import {
  AudioMixing,
  EgressInfo,
  EgressStatus,
  EncodedFileOutput,
  EncodedFileType,
  ListEgressRequest,
  ListEgressResponse,
  RoomCompositeEgressRequest,
  S3Upload,
  StopEgressRequest,
} from '@livekit/protocol';
import { refusalOf, type Twirp } from './twirp.ts';

/** Where the sound of a room goes. */
export interface AudioFile {
  /** As egress sees it: in its own file system, or in the bucket. */
  readonly path: string;
  readonly format: 'ogg' | 'mp3' | 'mp4';
  /** `separate`: agents on one channel, everybody else on the other. */
  readonly channels: 'mixed' | 'separate';
  readonly s3?: {
    readonly bucket: string;
    readonly region: string;
    readonly endpoint: string;
    readonly forcePathStyle: boolean;
    /** Empty where egress has keys of its own. */
    readonly accessKey: string;
    readonly secret: string;
  };
}

/** What egress tells of one recording. Milliseconds. */
export interface EgressFacts {
  readonly id: string;
  readonly status: 'starting' | 'active' | 'ending' | 'complete' | 'failed' | 'aborted' | 'limit_reached';
  readonly error: string;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly duration: number | undefined;
  readonly bytes: number | undefined;
  readonly location: string | undefined;
}

const STATUS = {
  [EgressStatus.EGRESS_STARTING]: 'starting',
  [EgressStatus.EGRESS_ACTIVE]: 'active',
  [EgressStatus.EGRESS_ENDING]: 'ending',
  [EgressStatus.EGRESS_COMPLETE]: 'complete',
  [EgressStatus.EGRESS_FAILED]: 'failed',
  [EgressStatus.EGRESS_ABORTED]: 'aborted',
  [EgressStatus.EGRESS_LIMIT_REACHED]: 'limit_reached',
} as const;
const FORMAT = { ogg: EncodedFileType.OGG, mp3: EncodedFileType.MP3, mp4: EncodedFileType.MP4 } as const;
const CHANNELS = { mixed: AudioMixing.DEFAULT_MIXING, separate: AudioMixing.DUAL_CHANNEL_AGENT } as const;
const LONGEST_LOCATION = 2_048;
const GRANTS = { video: { roomRecord: true } } as const;

/** Recording rooms (https://docs.livekit.io/reference/other/egress/api/). An egress service of its own does it, or there is none. */
export class Egress {
  readonly #twirp: Twirp;

  constructor(twirp: Twirp) {
    this.#twirp = twirp;
  }

  /**
   * Begins to record all that is heard in a room. Without a layout egress takes the sound as it is, and needs no browser.
   *
   * @param options.timeout milliseconds. A free egress answers within seconds; where there is none LiveKit asks again and again, 23 s long.
   * @throws AttendantError as `Twirp.request`; {@link isUnavailable} tells where nobody took it. Given up without an answer it may have
   *   begun all the same: see `activeIn`.
   */
  async start(
    room: string,
    file: AudioFile,
    options: { signal: AbortSignal; timeout: number },
  ): Promise<EgressFacts> {
    const { s3 } = file;
    const output = new EncodedFileOutput({
      fileType: FORMAT[file.format],
      filepath: file.path,
      // It would lie beside the recording, and stay when that is erased.
      disableManifest: true,
      ...(s3 && { output: { case: 's3', value: new S3Upload(s3) } }),
    });
    const request = new RoomCompositeEgressRequest({
      roomName: room,
      audioOnly: true,
      audioMixing: CHANNELS[file.channels],
      fileOutputs: [output],
    });
    const info = await this.#twirp.request('Egress/StartRoomCompositeEgress', request, EgressInfo, {
      grants: GRANTS,
      ...options,
    });
    return factsOf(info);
  }

  /** Ends one; `ending` and what comes after it mean that nothing more is recorded. One that has ended already is what was wanted. */
  async stop(id: string, options: { signal: AbortSignal; timeout: number }): Promise<EgressFacts> {
    try {
      const request = new StopEgressRequest({ egressId: id });
      const info = await this.#twirp.request('Egress/StopEgress', request, EgressInfo, {
        grants: GRANTS,
        ...options,
      });
      return factsOf(info);
    } catch (error) {
      if (refusalOf(error)?.twirpCode !== 'failed_precondition') throw error;
      const facts = await this.find(id, options.signal);
      if (!facts) throw error;
      return facts;
    }
  }

  /** How one stands; undefined where LiveKit knows none of that id (any more: it forgets them a day after their end). */
  async find(id: string, signal: AbortSignal): Promise<EgressFacts | undefined> {
    try {
      const [found] = await this.#list(new ListEgressRequest({ egressId: id }), signal);
      return found;
    } catch (error) {
      if (refusalOf(error)?.twirpCode === 'not_found') return undefined;
      throw error;
    }
  }

  /** Those that record the room, or are about to. */
  async activeIn(room: string, signal: AbortSignal): Promise<EgressFacts[]> {
    const listed = await this.#list(new ListEgressRequest({ roomName: room, active: true }), signal);
    return listed.filter(({ status }) => status === 'starting' || status === 'active');
  }

  async #list(request: ListEgressRequest, signal: AbortSignal): Promise<EgressFacts[]> {
    const { items } = await this.#twirp.request('Egress/ListEgress', request, ListEgressResponse, {
      grants: GRANTS,
      signal,
    });
    return items.map(factsOf);
  }
}

/** No egress service took it: there is none, or none has room. Without Redis LiveKit says that egress is not connected. */
export function isUnavailable(thrown: unknown): boolean {
  const refusal = refusalOf(thrown);
  if (!refusal) return false;
  return (
    refusal.twirpCode === 'unavailable' ||
    refusal.twirpCode === 'resource_exhausted' ||
    refusal.message.includes('egress not connected')
  );
}

function factsOf(info: EgressInfo): EgressFacts {
  const [file] = info.fileResults;
  return {
    id: info.egressId,
    status: STATUS[info.status],
    error: info.error,
    startedAt: milliseconds(file?.startedAt) ?? milliseconds(info.startedAt),
    endedAt: milliseconds(file?.endedAt) ?? milliseconds(info.endedAt),
    duration: milliseconds(file?.duration),
    bytes: file && file.size > 0n ? Number(file.size) : undefined,
    location: file?.location.slice(0, LONGEST_LOCATION) || undefined,
  };
}

/** Nanoseconds as LiveKit gives them; 0 is not known. */
function milliseconds(nanoseconds: bigint | undefined): number | undefined {
  return nanoseconds === undefined || nanoseconds === 0n ? undefined : Number(nanoseconds / 1_000_000n);
}
