import type { Room } from '@livekit/rtc-node';
import type { Log } from '../../base/log.ts';

/** Milliseconds that LiveKit SIP gets to answer. */
const ANSWER_LIMIT = 2_000;

/**
 * Has LiveKit SIP hang up the leg with these headers on the BYE (its participant's RPC `lk.sip.EndCall`). Without headers it is left to whoever
 * takes the room down, and where it fails that BYE has none. Never rejects.
 */
export async function sayBye(
  room: Room,
  leg: string,
  headers: Readonly<Record<string, string>>,
  log: Log,
): Promise<void> {
  if (Object.keys(headers).length === 0) return;
  try {
    await room.localParticipant?.performRpc({
      destinationIdentity: leg,
      method: 'lk.sip.EndCall',
      payload: JSON.stringify({ headers }),
      responseTimeout: ANSWER_LIMIT,
    });
  } catch (error) {
    log.warn({ pii: { error } }, 'the headers of the BYE could not be set');
  }
}
