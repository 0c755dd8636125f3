import {
  CreateRoomRequest,
  DeleteRoomRequest,
  DeleteRoomResponse,
  ListParticipantsRequest,
  ListParticipantsResponse,
  ListRoomsRequest,
  ListRoomsResponse,
  MuteRoomTrackRequest,
  MuteRoomTrackResponse,
  ParticipantInfo,
  ParticipantPermission,
  RemoveParticipantResponse,
  Room,
  RoomParticipantIdentity,
  UpdateParticipantRequest,
  UpdateRoomMetadataRequest,
  UpdateSubscriptionsRequest,
  UpdateSubscriptionsResponse,
} from '@livekit/protocol';
import { ignoreNotFound, refusalOf, type Twirp } from './twirp.ts';

/** Member of a room's metadata. */
const JOINED = 'attendant.joined';

/** Who was joined in the room (`Rooms.markJoined`); undefined where nobody was. */
export function joinedIn({ metadata }: Pick<Room, 'metadata'>): readonly string[] | undefined {
  try {
    const noted = (JSON.parse(metadata) as Record<string, unknown> | null)?.[JOINED];
    return Array.isArray(noted) && noted.every((one) => typeof one === 'string') ? noted : undefined;
  } catch {
    return undefined; // Metadata of somebody else's making, or none.
  }
}

/** Rooms and who is in them (https://docs.livekit.io/reference/other/roomservice-api/). */
export class Rooms {
  readonly #twirp: Twirp;

  constructor(twirp: Twirp) {
    this.#twirp = twirp;
  }

  /** @param names of those that are wanted; all unless said */
  async list(signal: AbortSignal, names: readonly string[] = []): Promise<Room[]> {
    const response = await this.#twirp.request(
      'RoomService/ListRooms',
      new ListRoomsRequest({ names: [...names] }),
      ListRoomsResponse,
      { grants: { video: { roomList: true } }, signal },
    );
    return response.rooms;
  }

  /**
   * Makes a room, which LiveKit closes by itself when nobody comes, or everybody has left.
   *
   * @param emptyTimeout milliseconds, in whole seconds.
   */
  async create(room: string, emptyTimeout: number, signal: AbortSignal): Promise<void> {
    const seconds = Math.ceil(emptyTimeout / 1_000);
    await this.#twirp.request(
      'RoomService/CreateRoom',
      new CreateRoomRequest({ name: room, emptyTimeout: seconds, departureTimeout: seconds }),
      Room,
      { grants: { video: { roomCreate: true } }, signal },
    );
  }

  async participants(room: string, signal: AbortSignal): Promise<ParticipantInfo[]> {
    const response = await this.#twirp.request(
      'RoomService/ListParticipants',
      new ListParticipantsRequest({ room }),
      ListParticipantsResponse,
      { grants: { video: { roomAdmin: true, room } }, signal },
    );
    return response.participants;
  }

  /**
   * Notes that these are joined and the agent is out of it, so that the room is for nobody else once one of them has gone. The note outlives the
   * worker.
   */
  async markJoined(room: string, identities: readonly string[], signal: AbortSignal): Promise<void> {
    const metadata = JSON.stringify({ [JOINED]: identities });
    await this.#twirp.request(
      'RoomService/UpdateRoomMetadata',
      new UpdateRoomMetadataRequest({ room, metadata }),
      Room,
      { grants: { video: { roomAdmin: true, room } }, signal },
    );
  }

  /**
   * Ends the room for everyone in it: a SIP participant gets its BYE. A room that is gone already is what was wanted. A LiveKit whose Redis came
   * back empty has the room, and has forgotten on which node: it finds that again when the room is asked for, and answers `unknown` until then.
   */
  async delete(room: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#delete(room, signal);
    } catch (error) {
      if (refusalOf(error)?.twirpCode !== 'unknown') throw error;
      await this.create(room, 1_000, signal);
      await this.#delete(room, signal);
    }
  }

  #delete(room: string, signal: AbortSignal): Promise<void> {
    return ignoreNotFound(
      this.#twirp.request('RoomService/DeleteRoom', new DeleteRoomRequest({ room }), DeleteRoomResponse, {
        grants: { video: { roomCreate: true } },
        signal,
      }),
    );
  }

  /** A participant who has left already is what was wanted. */
  async removeParticipant(room: string, identity: string, signal: AbortSignal): Promise<void> {
    await ignoreNotFound(
      this.#twirp.request(
        'RoomService/RemoveParticipant',
        new RoomParticipantIdentity({ room, identity }),
        RemoveParticipantResponse,
        { grants: { video: { roomAdmin: true, room } }, signal },
      ),
    );
  }

  /** Mutes a track for everyone, also for those who subscribe later. Unmuting needs `room.enable_remote_unmute` in livekit.yaml. */
  async mute(
    room: string,
    identity: string,
    trackSid: string,
    muted: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#twirp.request(
      'RoomService/MutePublishedTrack',
      new MuteRoomTrackRequest({ room, identity, trackSid, muted }),
      MuteRoomTrackResponse,
      { grants: { video: { roomAdmin: true, room } }, signal },
    );
  }

  /** Makes a participant hear tracks, or hear them no longer, until it subscribes anew: SIP legs do when they answer or reconnect. */
  async subscribe(
    room: string,
    identity: string,
    trackSids: readonly string[],
    subscribe: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#twirp.request(
      'RoomService/UpdateSubscriptions',
      new UpdateSubscriptionsRequest({ room, identity, trackSids: [...trackSids], subscribe }),
      UpdateSubscriptionsResponse,
      { grants: { video: { roomAdmin: true, room } }, signal },
    );
  }

  /**
   * Lets a participant hear others in the room, or nobody: whatever it subscribes to then waits at the server until it may. The permission goes
   * with the participant's token, so it holds when the participant reconnects.
   */
  async allowHearing(room: string, identity: string, on: boolean, signal: AbortSignal): Promise<void> {
    const options = { grants: { video: { roomAdmin: true, room } }, signal };
    const who = new RoomParticipantIdentity({ room, identity });
    const now = await this.#twirp.request('RoomService/GetParticipant', who, ParticipantInfo, options);
    // LiveKit replaces all permissions at once.
    const permission = now.permission?.clone() ?? new ParticipantPermission();
    permission.canSubscribe = on;
    await this.#twirp.request(
      'RoomService/UpdateParticipant',
      new UpdateParticipantRequest({
        room,
        identity,
        permission,
      }),
      ParticipantInfo,
      options,
    );
  }
}
