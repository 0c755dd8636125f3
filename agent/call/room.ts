import type { JobContext } from '@livekit/agents';
import { type RemoteParticipant, RoomEvent } from '@livekit/rtc-node';
import { timestamp, type Clock } from '../../base/clock.ts';
import { AttendantError } from '../../base/errors.ts';
import type { EndReason, ThreadWriter } from '../../threads/entry.ts';
import type { ChosenAgent } from './agent.ts';
import type { Ending } from './ending.ts';
import type { Exchange } from './exchange.ts';

/** Milliseconds. */
const JOIN_LIMIT = 10_000;
const CALLER_LIMIT = 15_000;
/** After a REFER that succeeded, LiveKit SIP sends its BYE a second later. */
const BYE_LIMIT = 3_000;
const LEAVE_LIMIT = 3_000;
const DELETE_LIMIT = 5_000;

/** Joins the room and waits for who calls. */
export async function callerJoins(job: JobContext, stop: AbortSignal): Promise<RemoteParticipant> {
  await within(job.connect(), JOIN_LIMIT, 'joining the room', stop);
  return within(job.waitForParticipant(), CALLER_LIMIT, 'the caller', stop);
}

/**
 * Watches what ends a call from outside: the caller hangs up, the room goes, the worker stops, the call grows too long. Puts the
 * answer on the thread.
 *
 * @returns `gone` aborts when the caller has left; `unwatch` takes every listener and timer away.
 */
export function watch(parts: {
  job: JobContext;
  leg: RemoteParticipant;
  agent: ChosenAgent | undefined;
  ending: Ending;
  thread: ThreadWriter;
  stop: AbortSignal;
  clock: Clock;
}): { gone: AbortSignal; unwatch: () => void } {
  const { leg, agent, ending, thread, stop, clock } = parts;
  const { room } = parts.job;
  const gone = new AbortController();
  let answered = false;
  const onAttributes = () => {
    if (answered || (leg.attributes['sip.callStatus'] ?? 'active') !== 'active') return;
    answered = true;
    thread.append({ kind: 'answered', at: timestamp(clock) });
  };
  const onLeft = (participant: RemoteParticipant) => {
    if (participant.identity !== leg.identity) return;
    // Decided before the others hear of it: they act on a call that is over, not on one that goes on.
    ending.decide({ result: 'abandoned', reason: 'caller_hung_up' });
    gone.abort();
  };
  const onDisconnected = () => ending.decide({ result: 'failed', reason: 'room_closed' });
  const onStop = () => ending.decide({ result: 'failed', reason: 'worker_stopped' });
  const maxDuration = (agent?.definition.limits.max_duration ?? 0) * 1_000;
  const cancelLimit = clock.after(maxDuration, () =>
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
    unwatch: () => {
      cancelLimit();
      room.off(RoomEvent.ParticipantAttributesChanged, onAttributes);
      room.off(RoomEvent.ParticipantDisconnected, onLeft);
      room.off(RoomEvent.Disconnected, onDisconnected);
      stop.removeEventListener('abort', onStop);
    },
  };
}

/**
 * Ends the call on the wire. The agent leaves first: a room that is deleted under it leaves a listener behind in this process. Deleting
 * the room is the BYE; an unanswered call is told 486.
 */
export async function hangUp(
  job: JobContext,
  gone: AbortSignal,
  reason: EndReason,
  { livekit, clock, log }: Pick<Exchange, 'livekit' | 'clock' | 'log'>,
): Promise<void> {
  const name = job.job.room?.name;
  if (reason.result === 'transferred') await left(gone, clock);
  await within(job.room.disconnect(), LEAVE_LIMIT, 'leaving the room').catch((error: unknown) => {
    log.warn({ pii: { error } }, 'the agent did not leave its room in time');
  });
  if (!name) return;
  await livekit.rooms.delete(name, AbortSignal.timeout(DELETE_LIMIT)).catch((error: unknown) => {
    log.warn(
      { code: 'E_LIVEKIT_UNREACHABLE', pii: { error } },
      'a room could not be deleted; LiveKit closes it when it is empty',
    );
  });
}

async function left(gone: AbortSignal, clock: Clock): Promise<void> {
  const waited = new AbortController();
  const onGone = () => waited.abort();
  gone.addEventListener('abort', onGone, { once: true });
  if (gone.aborted) return;
  await clock.sleep(BYE_LIMIT, waited.signal).catch(() => undefined);
  gone.removeEventListener('abort', onGone);
}

/** The promise, or E_TIMEOUT after `ms`, or the signal's reason. */
async function within<T>(promise: Promise<T>, ms: number, what: string, signal?: AbortSignal): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(
    () => limit.abort(new AttendantError('E_TIMEOUT', `${what} took more than ${ms} ms`)),
    ms,
  );
  const either = signal ? AbortSignal.any([limit.signal, signal]) : limit.signal;
  try {
    return await new Promise<T>((resolve, reject) => {
      const onAbort = () => reject(either.reason as Error);
      if (either.aborted) onAbort();
      either.addEventListener('abort', onAbort, { once: true });
      promise.then(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
  }
}
