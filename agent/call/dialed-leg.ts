import { DisconnectReason, type RemoteParticipant, type Room, RoomEvent } from '@livekit/rtc-node';
import type { EndReason } from '../../threads/entry.ts';
import type { Ending } from './ending.ts';
import { isPutOut } from './put-out.ts';
import type { Verdict } from './transfer/result.ts';

/**
 * Ends a call that we made when the one who was called hangs up, or the room is lost. One who goes before the answer is what dialing tells.
 */
export function watchDialed(
  room: Room,
  identity: string,
  ending: Ending,
  gone: AbortController,
): { answered: () => void; unwatch: () => void } {
  let isUp = false;
  let left: RemoteParticipant | undefined;
  const end = (participant: RemoteParticipant) => {
    ending.decide(leavingOf(participant));
    gone.abort();
  };
  const onLeft = (participant: RemoteParticipant) => {
    if (participant.identity !== identity) return;
    left = participant;
    if (isUp) end(participant);
  };
  const onDisconnected = (reason: DisconnectReason) => {
    // Who is put out may have lost the call to another worker, which takeover/holding.ts finds out.
    if (!isPutOut(reason)) ending.decide({ result: 'failed', reason: 'room_closed' });
  };
  room.on(RoomEvent.ParticipantDisconnected, onLeft);
  room.on(RoomEvent.Disconnected, onDisconnected);
  return {
    answered: () => {
      isUp = true;
      if (left) end(left);
    },
    unwatch: () => {
      room.off(RoomEvent.ParticipantDisconnected, onLeft);
      room.off(RoomEvent.Disconnected, onDisconnected);
    },
  };
}

/** How a call ends that nobody answered. */
export function notAnswered({ status, cause, sip_status }: Verdict): EndReason {
  return {
    result: status === 'canceled' ? 'abandoned' : 'failed',
    reason: cause ?? status,
    ...(sip_status === null ? {} : { sip_status }),
  };
}

function leavingOf({ disconnectReason: reason }: RemoteParticipant): EndReason {
  // Taken out of the room by somebody else who may.
  if (reason === DisconnectReason.PARTICIPANT_REMOVED || reason === DisconnectReason.ROOM_DELETED)
    return { result: 'completed', reason: 'callee_removed' };
  return { result: 'abandoned', reason: 'callee_hung_up' };
}
