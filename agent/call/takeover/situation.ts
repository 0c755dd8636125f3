import { type ParticipantInfo, ParticipantInfo_Kind, ParticipantInfo_State } from '@livekit/protocol';
import type { HeldCall } from '../../../threads/leases.ts';

/** What somebody finds who takes a call over. */
export type Situation =
  /** The other side has hung up. */
  | { readonly kind: 'gone' }
  /** It talks to somebody whom the agent had called, and needs no agent. */
  | { readonly kind: 'joined'; readonly callee: string }
  | {
      readonly kind: 'alone';
      /** Agents that are in the room still, or seem to be. */
      readonly ghosts: readonly string[];
      /** Who was dialed for a transfer, and is not with the caller yet. */
      readonly callees: readonly string[];
      /** Tracks of the other side that were muted for a transfer; and whether it may hear nobody. */
      readonly muted: readonly string[];
      readonly isDeaf: boolean;
      readonly isAnswered: boolean;
    };

/** Tells from who is in the room how far things had come. */
export function situationOf(participants: readonly ParticipantInfo[], call: HeldCall): Situation {
  const there = participants.filter(({ state }) => state !== ParticipantInfo_State.DISCONNECTED);
  const leg = there.find(({ identity }) => identity === call.leg);
  if (!leg) return { kind: 'gone' };
  const callees = there.filter(({ identity }) => identity !== call.leg && identity.startsWith('callee-'));
  const muted = leg.tracks.filter((track) => track.muted).map(({ sid }) => sid);
  const isDeaf = leg.permission?.canSubscribe === false;
  const up = callees.find(({ attributes }) => attributes['sip.callStatus'] === 'active');
  // A callee who was told about the caller first hears nothing of them until they are joined: the caller is muted so long.
  if (up && call.transfer && muted.length === 0 && !isDeaf) return { kind: 'joined', callee: up.identity };
  return {
    kind: 'alone',
    ghosts: there.filter(({ kind }) => kind === ParticipantInfo_Kind.AGENT).map(({ identity }) => identity),
    callees: callees.map(({ identity }) => identity),
    muted,
    isDeaf,
    isAnswered: (leg.attributes['sip.callStatus'] ?? 'active') === 'active',
  };
}
