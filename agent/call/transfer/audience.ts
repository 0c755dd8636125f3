import { type Room, RoomEvent } from '@livekit/rtc-node';
import { ffiClient } from '../ffi-client.ts';

/** A track of the agent's; its id changes when the agent reconnects. */
interface OwnTrack {
  readonly sid?: string | undefined;
}

/**
 * Who may subscribe to which of the agent's own tracks while two others are in the room who must not hear the same. Kept by livekit-server: a leg
 * that asks for a track of the other's, as SIP legs do for everything, is refused. rtc-node 0.13.34 has no method for it, its FFI request does.
 *
 * @see https://docs.livekit.io/transport/media/publish/#track-permissions
 */
export class Audience {
  readonly #room: Room;
  readonly #hearers: readonly { readonly identity: string; readonly tracks: Set<OwnTrack> }[];
  readonly #toCaller: Set<OwnTrack>;
  readonly #toCallee = new Set<OwnTrack>();

  /** From now on the callee hears none of the agent's tracks, and nobody one that is published later. */
  constructor(room: Room, caller: string, callee: string) {
    this.#room = room;
    this.#toCaller = new Set<OwnTrack>(room.localParticipant?.trackPublications.values() ?? []);
    this.#hearers = [
      { identity: caller, tracks: this.#toCaller },
      { identity: callee, tracks: this.#toCallee },
    ];
    // A reconnection may give the tracks new ids.
    room.on(RoomEvent.LocalTrackRepublished, this.#tell);
    room.on(RoomEvent.Reconnected, this.#tell);
    this.#tell();
  }

  /** The caller hears this track too. */
  forCaller(track: OwnTrack): void {
    this.#toCaller.add(track);
    this.#tell();
  }

  /** The callee hears this track. */
  forCallee(track: OwnTrack): void {
    this.#toCallee.add(track);
    this.#tell();
  }

  /** Everybody hears everything again. */
  open(): void {
    this.#room.off(RoomEvent.LocalTrackRepublished, this.#tell);
    this.#room.off(RoomEvent.Reconnected, this.#tell);
    this.#allow(true, []);
  }

  readonly #tell = (): void => {
    const permissions = this.#hearers.map(({ identity, tracks }) => ({
      participantIdentity: identity,
      allowAll: false,
      allowedTrackSids: [...tracks].map(({ sid }) => sid).filter((sid) => sid !== undefined),
    }));
    this.#allow(false, permissions);
  };

  #allow(allParticipantsAllowed: boolean, permissions: readonly object[]): void {
    const agent = this.#room.localParticipant;
    if (!agent) return;
    const localParticipantHandle = agent.ffi_handle.handle;
    ffiClient().request({
      message: {
        case: 'setTrackSubscriptionPermissions',
        value: { localParticipantHandle, allParticipantsAllowed, permissions },
      },
    });
  }
}
