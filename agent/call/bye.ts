import type { Room } from '@livekit/rtc-node';

/** Milliseconds that LiveKit SIP gets to answer. */
const ANSWER_LIMIT = 2_000;

/**
 * Has LiveKit SIP hang up the leg with these headers on the BYE (its participant's RPC `lk.sip.EndCall`). Where that fails the BYE that follows when
 * the room goes has none.
 */
export async function sayBye(
  room: Room,
  leg: string,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  await room.localParticipant?.performRpc({
    destinationIdentity: leg,
    method: 'lk.sip.EndCall',
    payload: JSON.stringify({ headers }),
    responseTimeout: ANSWER_LIMIT,
  });
}
