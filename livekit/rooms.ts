import {
  DeleteRoomRequest,
  DeleteRoomResponse,
  ListParticipantsRequest,
  ListParticipantsResponse,
  ListRoomsRequest,
  ListRoomsResponse,
  type ParticipantInfo,
  RemoveParticipantResponse,
  type Room,
  RoomParticipantIdentity,
} from '@livekit/protocol';
import { ignoreNotFound, type Twirp } from './twirp.ts';

/** Rooms and who is in them (https://docs.livekit.io/reference/other/roomservice-api/). */
export class Rooms {
  readonly #twirp: Twirp;

  constructor(twirp: Twirp) {
    this.#twirp = twirp;
  }

  async list(signal: AbortSignal): Promise<Room[]> {
    const response = await this.#twirp.request(
      'RoomService/ListRooms',
      new ListRoomsRequest(),
      ListRoomsResponse,
      { grants: { video: { roomList: true } }, signal },
    );
    return response.rooms;
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

  /** Ends the room for everyone in it: a SIP participant gets its BYE. A room that is gone already is what was wanted. */
  async delete(room: string, signal: AbortSignal): Promise<void> {
    await ignoreNotFound(
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
}
