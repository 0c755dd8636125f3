import { RemoteAudioTrack, type Room } from '@livekit/rtc-node';

/** What a participant is heard by; undefined until we have subscribed to it. */
export function audioTrackOf(room: Room, identity: string): RemoteAudioTrack | undefined {
  return [...(room.remoteParticipants.get(identity)?.trackPublications.values() ?? [])]
    .map(({ track }) => track)
    .find((track): track is RemoteAudioTrack => track instanceof RemoteAudioTrack);
}
