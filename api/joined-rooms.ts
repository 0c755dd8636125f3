import { ParticipantInfo_Kind } from '@livekit/protocol';
import type { Clock } from '../base/clock.ts';
import { asAttendantError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { joinedIn, type LiveKit } from '../livekit/client.ts';

/** Milliseconds. */
const LOOK_EVERY = 3_000;
const REQUEST_LIMIT = 3_000;

/**
 * Hangs up whoever is left of two whom an agent joined, where the worker is not there any more to do it: it was updated, or died. As long as an
 * agent is in the room it is for the agent to do.
 */
export function watchJoinedRooms(parts: { livekit: LiveKit; clock: Clock; log: Log; signal: AbortSignal }): {
  readonly ended: Promise<void>;
} {
  const { clock, log, signal } = parts;
  /** Rooms that had one of the two only when they were looked at before: a leg that reconnects is away for a moment. */
  let lonely = new Set<string>();
  const run = async () => {
    while (!signal.aborted) {
      try {
        lonely = await look(parts, lonely);
      } catch (cause) {
        const { code, message } = asAttendantError(cause);
        log.debug({ code, cause: message }, 'rooms cannot be looked at just now');
      }
      await clock.sleep(LOOK_EVERY, signal).catch(() => undefined);
    }
  };
  return { ended: run() };
}

async function look(
  { livekit, log }: { livekit: LiveKit; log: Log },
  before: ReadonlySet<string>,
): Promise<Set<string>> {
  const lonely = new Set<string>();
  for (const room of await livekit.rooms.list(AbortSignal.timeout(REQUEST_LIMIT))) {
    const joined = joinedIn(room);
    if (!joined) continue;
    const there = await livekit.rooms.participants(room.name, AbortSignal.timeout(REQUEST_LIMIT));
    if (there.some(({ kind }) => kind === ParticipantInfo_Kind.AGENT)) continue;
    if (joined.every((identity) => there.some((participant) => participant.identity === identity))) continue;
    if (before.has(room.sid)) {
      // In a room of several (api/rooms) only the two are ours.
      const alone = there.every(({ identity, kind }) => joined.includes(identity) || !isPerson(kind));
      if (alone) await livekit.rooms.delete(room.name, AbortSignal.timeout(REQUEST_LIMIT));
      else
        for (const identity of joined)
          await livekit.rooms.removeParticipant(room.name, identity, AbortSignal.timeout(REQUEST_LIMIT));
      log.info({ room: room.sid }, 'one of two who were joined has gone, and the other was hung up');
    } else lonely.add(room.sid);
  }
  return lonely;
}

const isPerson = (kind: ParticipantInfo_Kind) =>
  kind === ParticipantInfo_Kind.STANDARD || kind === ParticipantInfo_Kind.SIP;
