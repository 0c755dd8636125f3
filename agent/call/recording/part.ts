import type { Clock } from '../../../base/clock.ts';
import { asAttendantError } from '../../../base/errors.ts';
import { type AudioFile, type EgressFacts, isUnavailable, type LiveKit } from '../../../livekit/client.ts';
import type { RecordingPart } from '../../../threads/recording.ts';

/** Milliseconds. An egress that has room answers within seconds. */
const START_LIMIT = 10_000;
const STOP_LIMIT = 4_000;
const REQUEST_LIMIT = 2_000;
/** Between two looks for a recording that began without an answer: it is known to LiveKit before it hears anything. */
const LOOK_AGAIN = 500;

/** The room that is recorded. */
export interface Recorded {
  readonly livekit: Pick<LiveKit, 'egress' | 'rooms'>;
  readonly room: string;
  readonly clock: Clock;
}

/** What came of a start. `hurried`: given up by ourselves, and nothing records. `unknown`: LiveKit does not say whether something does. */
export type Begun =
  | { readonly how: 'begun'; readonly facts: EgressFacts }
  | { readonly how: 'hurried' }
  | { readonly how: 'not_available' | 'failed' | 'unknown'; readonly error: unknown };

/** @param hurry aborts where it is not to begin after all. */
export async function startPart(at: Recorded, file: AudioFile, hurry: AbortSignal): Promise<Begun> {
  let error: unknown;
  try {
    const facts = await at.livekit.egress.start(at.room, file, { signal: hurry, timeout: START_LIMIT });
    return { how: 'begun', facts };
  } catch (thrown) {
    error = thrown;
  }
  if (isUnavailable(error)) return { how: 'not_available', error };
  if (!hurry.aborted && asAttendantError(error).code === 'E_LIVEKIT_REFUSED') return { how: 'failed', error };
  try {
    const facts = (await look(at)) ?? (await at.clock.sleep(LOOK_AGAIN).then(() => look(at)));
    if (facts) return { how: 'begun', facts };
    return hurry.aborted ? { how: 'hurried' } : { how: 'not_available', error };
  } catch (thrown) {
    return { how: 'unknown', error: thrown };
  }
}

/** A recording of the room that nobody told us of. */
export async function look({ livekit, room }: Recorded): Promise<EgressFacts | undefined> {
  const [found] = await livekit.egress.activeIn(room, AbortSignal.timeout(REQUEST_LIMIT));
  return found;
}

/**
 * Stops one. Where egress does not say that it stops, it is put out of the room: it hears nothing there any more.
 *
 * @returns what is known of it, and whether it hears nothing more for sure.
 */
export async function stopPart(
  { livekit, room }: Recorded,
  id: string,
): Promise<{ facts: EgressFacts | undefined; stopped: boolean }> {
  const { egress, rooms } = livekit;
  const within = () => AbortSignal.timeout(REQUEST_LIMIT);
  try {
    const facts = await egress.stop(id, { signal: AbortSignal.timeout(STOP_LIMIT), timeout: STOP_LIMIT });
    if (hearsNothing(facts)) return { facts, stopped: true };
  } catch {
    // What it says next decides.
  }
  const facts = await egress.find(id, within()).catch(() => undefined);
  if (facts && hearsNothing(facts)) return { facts, stopped: true };
  try {
    await rooms.removeParticipant(room, id, within());
    const there = await rooms.participants(room, within());
    // One that has not joined yet may do so still.
    const joins = facts === undefined || facts.status === 'starting';
    return { facts, stopped: !joins && there.every(({ identity }) => identity !== id) };
  } catch {
    return { facts, stopped: false };
  }
}

/** How one stands; undefined where LiveKit does not say. */
export function ask({ livekit }: Recorded, id: string): Promise<EgressFacts | undefined> {
  return livekit.egress.find(id, AbortSignal.timeout(REQUEST_LIMIT)).catch(() => undefined);
}

/** Egress takes in nothing more, though it may not have written all of it. */
const hearsNothing = ({ status }: EgressFacts): boolean => status !== 'starting' && status !== 'active';

export const isFinal = ({ status }: RecordingPart): boolean =>
  status !== 'starting' && status !== 'active' && status !== 'ending';

/** A part as it stands on the thread. */
export function partOf(facts: EgressFacts, file: string): RecordingPart {
  const at = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  return {
    egress_id: facts.id,
    status: facts.status,
    file,
    location: facts.location ?? null,
    started_at: at(facts.startedAt),
    ended_at: at(facts.endedAt),
    seconds: facts.duration === undefined ? null : Math.round(facts.duration / 10) / 100,
    bytes: facts.bytes ?? null,
  };
}
