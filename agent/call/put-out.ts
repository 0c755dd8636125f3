import { DisconnectReason } from '@livekit/rtc-node';

/** Whether somebody else has put the agent out of its room. */
export function isPutOut(reason: DisconnectReason): boolean {
  return [DisconnectReason.PARTICIPANT_REMOVED, DisconnectReason.DUPLICATE_IDENTITY].includes(reason);
}
