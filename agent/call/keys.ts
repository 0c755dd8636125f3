import { type RemoteParticipant, type Room, RoomEvent } from '@livekit/rtc-node';

/** Tells of each key that this participant presses (RFC 4733), and once when they have hung up. */
export function onKeys(
  room: Room,
  identity: string,
  gone: AbortSignal,
  { pressed, hungUp }: { pressed: (digit: string) => void; hungUp: () => void },
): void {
  room.on(RoomEvent.DtmfReceived, (_code, digit, participant: RemoteParticipant | undefined) => {
    // rtc-node knows no participant who has just left; only the caller presses keys then.
    const isCaller = participant ? participant.identity === identity : gone.aborted;
    if (isCaller) pressed(digit);
  });
  if (gone.aborted) hungUp();
  else gone.addEventListener('abort', hungUp, { once: true });
}
