import type { JobContext } from '@livekit/agents';
import { DisconnectReason, type RemoteParticipant, RoomEvent } from '@livekit/rtc-node';
import { systemClock, timestamp, type Clock } from '../../base/clock.ts';
import { backoff } from '../../base/backoff.ts';
import { asAttendantError } from '../../base/errors.ts';
import { within } from '../../base/within.ts';
import type { EndReason, ThreadWriter } from '../../threads/entry.ts';
import type { ChosenAgent } from './agent.ts';
import type { Ending } from './ending.ts';
import type { Exchange } from './exchange.ts';
import { isPutOut } from './put-out.ts';
import { legLeaves } from './transfer/callee.ts';

/** Milliseconds. */
const JOIN_LIMIT = 10_000;
const CALLER_LIMIT = 15_000;
/** For one who was in the room a moment ago. */
const THERE_LIMIT = 3_000;
/** After a REFER that succeeded, LiveKit SIP sends its BYE a second later. */
const BYE_LIMIT = 3_000;
const LEAVE_LIMIT = 3_000;
/** A call that has grown too long ends with a goodbye (patience.ts), and without one where that takes longer. */
export const LAST_WORDS = 15_000;
const DELETE_LIMIT = 5_000;
const DELETE_AGAIN = { first: 250, most: 5_000 };
const DELETE_FOR = 300_000;
/** A leg that was lost with its server is back by then, or gone. */
const FOUND_BACK = 20_000;

const LEG_LOST = 'leg_lost';

/** Joins the job's room. */
export async function joinRoom(job: JobContext, stop: AbortSignal): Promise<void> {
  await within(job.connect(), JOIN_LIMIT, { what: 'joining the room', clock: systemClock, signal: stop });
}

/** Joins the room and waits for who calls: for the first that comes, where nobody says who it is. */
export async function callerJoins(
  job: JobContext,
  stop: AbortSignal,
  identity?: string,
): Promise<RemoteParticipant> {
  await joinRoom(job, stop);
  return within(job.waitForParticipant(identity), identity === undefined ? CALLER_LIMIT : THERE_LIMIT, {
    what: 'the caller',
    clock: systemClock,
    signal: stop,
  });
}

/**
 * Watches what ends a call from outside: the caller hangs up, the room goes, the worker stops, the call grows too long. Puts the
 * answer on the thread.
 *
 * @returns `gone` aborts when the caller has left; `answered` resolves when the call is answered; `unwatch` takes every listener and timer away.
 */
export function watch(parts: {
  job: JobContext;
  leg: RemoteParticipant;
  agent: ChosenAgent | undefined;
  ending: Ending;
  thread: ThreadWriter;
  stop: AbortSignal;
  clock: Clock;
  /** The answer is on the thread already. */
  wasAnswered?: boolean;
}): { gone: AbortSignal; answered: Promise<void>; unwatch: () => void } {
  const { leg, agent, ending, thread, stop, clock, wasAnswered = false } = parts;
  const { room } = parts.job;
  const gone = new AbortController();
  let isAnswered = false;
  let onAnswered: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => (onAnswered = resolve));
  const onAttributes = () => {
    if (isAnswered || (leg.attributes['sip.callStatus'] ?? 'active') !== 'active') return;
    isAnswered = true;
    onAnswered();
    if (!wasAnswered) thread.append({ kind: 'answered', at: timestamp(clock) });
  };
  const onLeft = (participant: RemoteParticipant) => {
    if (participant.identity !== leg.identity) return;
    // Decided before the others hear of it: they act on a call that is over, not on one that goes on.
    ending.decide(leavingOf(participant));
    gone.abort();
  };
  const onDisconnected = (reason: DisconnectReason) => {
    // Who is put out may have lost the call to another worker, which takeover/holding.ts finds out.
    if (!isPutOut(reason)) ending.decide({ result: 'failed', reason: 'room_closed' });
  };
  const onStop = () => ending.decide({ result: 'failed', reason: WORKER_STOPPED });
  const maxDuration = (agent?.definition.limits.max_duration ?? 0) * 1_000;
  const cancelLimit = clock.after(maxDuration + LAST_WORDS, () =>
    ending.decide({ result: 'completed', reason: 'max_duration' }),
  );
  room.on(RoomEvent.ParticipantAttributesChanged, onAttributes);
  room.on(RoomEvent.ParticipantDisconnected, onLeft);
  room.on(RoomEvent.Disconnected, onDisconnected);
  stop.addEventListener('abort', onStop, { once: true });
  onAttributes();
  if (stop.aborted) onStop();
  if (!room.remoteParticipants.has(leg.identity)) onLeft(leg);
  return {
    gone: gone.signal,
    answered,
    unwatch: () => {
      cancelLimit();
      room.off(RoomEvent.ParticipantAttributesChanged, onAttributes);
      room.off(RoomEvent.ParticipantDisconnected, onLeft);
      room.off(RoomEvent.Disconnected, onDisconnected);
      stop.removeEventListener('abort', onStop);
    },
  };
}

/** That of one whose worker ends. */
export const WORKER_STOPPED = 'worker_stopped';
/** The end reason of an agent that was taken out, and left its caller where they are. */
export const TAKEN_OUT = 'taken_out';

/**
 * Ends the call on the wire: the agent leaves, then the room is deleted, which is the BYE (an unanswered call is told 486). In this order,
 * for a room that is deleted under the agent leaves a listener behind in this process. Of a room that is others' too only `who` is removed, and
 * nobody where it is the worker that ends: another agent can come.
 *
 * @returns a promise of the room's end. LiveKit may be cut off from its Redis just now; the caller must not be left in an empty room for
 *   that, so it is tried until it goes, or LiveKit has closed the room for itself.
 */
export async function hangUp(
  job: JobContext,
  gone: AbortSignal,
  reason: EndReason,
  exchange: Pick<Exchange, 'livekit' | 'clock' | 'log'>,
  who?: string,
): Promise<{ roomEnded: Promise<void> }> {
  const { clock, log } = exchange;
  const ours = job.room.localParticipant?.identity;
  if (reason.result === 'transferred') await left(gone, clock);
  await leave(job, log);
  const stays = reason.reason === TAKEN_OUT || (who !== undefined && reason.reason === WORKER_STOPPED);
  if (stays) return { roomEnded: Promise.resolve() };
  const name = job.job.room?.name ?? '';
  const takenDown = takeDown(name, who === undefined ? [] : [who], gone, exchange);
  const isLost = reason.reason === LEG_LOST && who === undefined && ours !== undefined;
  return { roomEnded: isLost ? takenDown.then(() => clearAway(name, ours, exchange)) : takenDown };
}

/**
 * Of a room whose LiveKit was restarted something may be left, in LiveKit's Redis or since this agent found its way back as it left. Where
 * nobody else has found it, it is deleted once more; else only this agent is put out.
 */
async function clearAway(
  name: string,
  ours: string,
  { livekit, clock, log }: Pick<Exchange, 'livekit' | 'clock' | 'log'>,
): Promise<void> {
  const giveUp = clock.elapsed() + DELETE_FOR;
  for (let attempt = 0; clock.elapsed() < giveUp; attempt++) {
    await clock.sleep(attempt === 0 ? FOUND_BACK : backoff(attempt, DELETE_AGAIN));
    try {
      const there = await livekit.rooms.participants(name, AbortSignal.timeout(DELETE_LIMIT));
      const signal = AbortSignal.timeout(DELETE_LIMIT);
      if (there.every(({ identity }) => identity === ours)) await livekit.rooms.delete(name, signal);
      else if (there.some(({ identity }) => identity === ours))
        await livekit.rooms.removeParticipant(name, ours, signal);
      return;
    } catch (thrown) {
      const { code } = asAttendantError(thrown);
      log.debug({ code }, 'the room of a lost leg cannot be looked at just now');
    }
  }
}

/** Deletes the room, or removes only those who are named. */
async function takeDown(
  name: string,
  identities: readonly string[],
  gone: AbortSignal,
  { livekit, clock, log }: Pick<Exchange, 'livekit' | 'clock' | 'log'>,
): Promise<void> {
  const giveUp = clock.elapsed() + DELETE_FOR;
  for (let attempt = 0; ; attempt++) {
    try {
      const signal = AbortSignal.timeout(DELETE_LIMIT);
      if (identities.length === 0) await livekit.rooms.delete(name, signal);
      for (const identity of identities) await livekit.rooms.removeParticipant(name, identity, signal);
      return;
    } catch (thrown) {
      const { code } = asAttendantError(thrown);
      if (attempt === 0) log.warn({ code }, 'a call cannot be ended at LiveKit just now; trying again');
      // A caller who has gone needs no BYE, and LiveKit closes an empty room by itself.
      if (gone.aborted || clock.elapsed() > giveUp) return;
      await clock.sleep(backoff(attempt, DELETE_AGAIN));
    }
  }
}

/** What a leg that goes away means: a BYE or CANCEL of the caller's, or a loss on the way. */
function leavingOf({ disconnectReason: reason }: RemoteParticipant): EndReason {
  if (reason === DisconnectReason.CLIENT_INITIATED) return { result: 'abandoned', reason: 'caller_hung_up' };
  if (reason === DisconnectReason.PARTICIPANT_REMOVED || reason === DisconnectReason.ROOM_DELETED)
    return { result: 'completed', reason: 'caller_removed' };
  // Also without a reason: that is how a room is taken down whose server is gone.
  return { result: 'failed', reason: LEG_LOST };
}

/**
 * The agent has joined the caller with somebody else and keeps out of it: it stays without a track of its own, and when either side hangs up
 * the other is hung up too, and in a room that is theirs alone the room is deleted. A worker that stops leaves the two alone: they talk on, and the API's watch (api/joined-rooms.ts) hangs up.
 */
export async function chaperone(
  job: JobContext,
  identities: readonly string[],
  parts: {
    stop: AbortSignal;
    exchange: Pick<Exchange, 'livekit' | 'clock' | 'log'>;
    /** The room may be others' too. */
    shared: boolean;
  },
): Promise<void> {
  const { stop, exchange, shared } = parts;
  const { livekit, log } = exchange;
  const name = job.job.room?.name ?? '';
  // What somebody else wrote there is not ours to replace; whoever is left is then not hung up where this worker dies.
  if (!shared || (job.room.metadata ?? '') === '')
    await livekit.rooms
      .markJoined(name, identities, AbortSignal.timeout(DELETE_LIMIT))
      .catch((error: unknown) => log.warn({ pii: { error } }, 'a room of two who were joined is not marked'));
  const agent = job.room.localParticipant;
  for (const sid of [...(agent?.trackPublications.keys() ?? [])])
    await agent
      ?.unpublishTrack(sid)
      .catch((error: unknown) => log.warn({ pii: { error } }, 'a track stayed'));
  const end = await legLeaves(job.room, identities, stop);
  await leave(job, log);
  // One of them is still there, whichever has gone.
  const nobodyGone = new AbortController().signal;
  if (end === 'left') await takeDown(name, shared ? identities : [], nobodyGone, exchange);
}

/** The agent leaves its room, and the others stay. */
export async function leave(job: JobContext, log: Exchange['log']): Promise<void> {
  await within(job.room.disconnect(), LEAVE_LIMIT, { what: 'leaving the room', clock: systemClock }).catch(
    (error: unknown) => {
      log.warn({ pii: { error } }, 'the agent did not leave its room in time');
    },
  );
}

async function left(gone: AbortSignal, clock: Clock): Promise<void> {
  const waited = new AbortController();
  const onGone = () => waited.abort();
  gone.addEventListener('abort', onGone, { once: true });
  if (gone.aborted) return;
  await clock.sleep(BYE_LIMIT, waited.signal).catch(() => undefined);
  gone.removeEventListener('abort', onGone);
}
