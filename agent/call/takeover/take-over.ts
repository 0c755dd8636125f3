import type { JobContext } from '@livekit/agents';
import { asAttendantError } from '../../../base/errors.ts';
import { timestamp } from '../../../base/clock.ts';
import { within } from '../../../base/within.ts';
import type { EndReason } from '../../../threads/entry.ts';
import type { Claimed, HeldCall } from '../../../threads/leases.ts';
import type { Thread } from '../../../threads/thread.ts';
import { definitionSchema } from '../../definition/definition.ts';
import { agentFor, type ChosenAgent } from '../agent.ts';
import { carry } from '../call.ts';
import type { Exchange } from '../exchange.ts';
import { callerOf, heldParty } from './party.ts';
import { cutOff, type Resumed } from './resumed.ts';
import { type Situation, situationOf } from './situation.ts';
import { written } from '../written.ts';

/** Milliseconds. */
const REQUEST_LIMIT = 2_000;
const ASK_AGAIN = 500;
/** LiveKit away for so long has lost the call. */
const AWAY_LIMIT = 6_000;
/** The caller waits. */
const THREAD_LIMIT = 3_000;
const WORKER_LOST: EndReason = { result: 'failed', reason: 'worker_lost' };

/**
 * Goes on with a call whose worker is gone: ends it where the other side has gone too, leaves it alone where that talks to somebody by now,
 * and else puts an agent in the place of the one before. Never rejects.
 */
export async function takeOver(claimed: Claimed, exchange: Exchange): Promise<void> {
  const { call, epoch, left } = claimed;
  const { id: thread, uid } = call.start;
  const log = exchange.log.child({ call: thread, uid });
  const own: Exchange = { ...exchange, log };
  log.warn({ epoch, left }, 'taking a call over');
  try {
    if (call.start.parent != null) {
      // A side call was for the agent that is gone.
      const before = await threadOf(call, own);
      if (before?.status === 'ended') await letGo(claimed, undefined, own);
      else await close(claimed, { situation: { kind: 'gone' }, before, reason: WORKER_LOST }, own);
      return;
    }
    const [situation, agent, before] = await Promise.all([
      look(call, own),
      agentOf(call, own),
      threadOf(call, own),
    ]);
    if (before?.status === 'ended') {
      await letGo(claimed, situation, own);
      return;
    }
    if (!agent || situation.kind !== 'alone') {
      await close(claimed, { situation, before, reason: endOf(situation, call) }, own);
      return;
    }
    const { isAnswered } = situation;
    if (call.start.direction === 'outbound' && !isAnswered) {
      // What dialing comes to was for the worker to hear that dialed.
      await own.livekit.rooms.delete(call.start.room, AbortSignal.timeout(REQUEST_LIMIT));
      await close(claimed, { situation: { kind: 'gone' }, before, reason: WORKER_LOST }, own);
      return;
    }
    await makeRoom(call, situation, own);
    if (before) agent.gathered.keep(before.state);
    const goingOn = { ...agent, flow: before?.flow ?? undefined };
    const resumed: Resumed = {
      epoch,
      thread: before,
      wasAnswered: before?.answered_at != null,
      unnoticed: left || !isAnswered,
      transfer: call.transfer,
    };
    const stop = new AbortController();
    const choice = { start: call.start, agent: goingOn };
    await own.beside(
      call.start.room,
      async (job: JobContext) => {
        const party = await heldParty(call, choice, job, own, {
          stop: stop.signal,
          wasAnswered: resumed.wasAnswered,
        });
        await carry(party, job, own, { stop: stop.signal, onJoined: () => undefined, resumed });
      },
      { stop, roomSid: call.roomSid, evenFull: true },
    );
  } catch (thrown) {
    const { code } = asAttendantError(thrown);
    // The lease is not renewed: somebody tries again when it has expired.
    log.error({ code, epoch, pii: { error: thrown } }, 'a call could not be taken over');
  }
}

/** Who is in the room; `gone` where LiveKit has no such room, or is away for long. */
async function look(call: HeldCall, { livekit, clock, log }: Exchange): Promise<Situation> {
  const until = clock.elapsed() + AWAY_LIMIT;
  for (;;) {
    try {
      const there = await livekit.rooms.participants(call.start.room, AbortSignal.timeout(REQUEST_LIMIT));
      return situationOf(there, call);
    } catch (thrown) {
      const { code } = asAttendantError(thrown);
      if (code === 'E_LIVEKIT_REFUSED' || clock.elapsed() > until) return { kind: 'gone' };
      log.debug({ code }, 'the room of a call cannot be looked at just now');
      await clock.sleep(ASK_AGAIN);
    }
  }
}

/** The agent as it was; where Redis has lost that, as its file stands now. Its code is that of its file. */
async function agentOf(call: HeldCall, exchange: Exchange): Promise<ChosenAgent | undefined> {
  const { start } = call;
  try {
    const text = await exchange.definitions.read(start.organization, call.definition).catch(() => undefined);
    const kept = text === undefined ? undefined : definitionSchema.parse(JSON.parse(text));
    const filed = kept && kept.code === undefined ? undefined : await exchange.definition(start.agent);
    const definition = kept ?? filed?.definition;
    return (
      definition && { ...agentFor(definition, start, callerOf(call), exchange), functions: filed?.functions }
    );
  } catch (thrown) {
    const { code } = asAttendantError(thrown);
    exchange.log.error({ code }, 'what a call runs with is lost');
    return undefined;
  }
}

/** The thread with what the worker that is gone left in its journal, where that is on this disk. */
async function threadOf({ start }: HeldCall, exchange: Exchange): Promise<Thread | undefined> {
  const read = exchange.thread(start.organization, start.id);
  return within(read, THREAD_LIMIT, { what: 'the thread', clock: exchange.clock }).catch(
    (thrown: unknown) => {
      const { code } = asAttendantError(thrown);
      exchange.log.warn({ code }, 'a call goes on without its history');
      return undefined;
    },
  );
}

/** Nobody but the other side stays in the room, and it hears and is heard. */
async function makeRoom(
  { start: { room }, leg }: HeldCall,
  { ghosts, callees, muted, isDeaf }: Extract<Situation, { kind: 'alone' }>,
  { livekit }: Exchange,
): Promise<void> {
  const signal = AbortSignal.timeout(REQUEST_LIMIT);
  await Promise.all([
    ...[...ghosts, ...callees].map((identity) => livekit.rooms.removeParticipant(room, identity, signal)),
    ...muted.map((sid) => livekit.rooms.mute(room, leg, sid, false, signal)),
    isDeaf ? livekit.rooms.allowHearing(room, leg, true, signal) : undefined,
  ]);
}

function endOf(situation: Situation, { transfer }: HeldCall): EndReason {
  if (situation.kind === 'joined') return { result: 'transferred', reason: 'transfer_call' };
  if (situation.kind === 'alone') return { result: 'failed', reason: 'E_DEFINITION_NOT_FOUND' };
  // A leg that was being transferred by REFER has gone where it was to go.
  if (transfer?.method === 'refer') return { result: 'transferred', reason: 'transfer_call' };
  return WORKER_LOST;
}

/**
 * The call is over, and only its lease is not: Redis was away at the end, or came back with what it held before. Who is left there with nobody
 * but that agent waits in vain; in a room that is others' too, or has another agent by now, they do not.
 */
async function letGo(
  { call, epoch }: Claimed,
  situation: Situation | undefined,
  { livekit, leases, log }: Exchange,
): Promise<void> {
  const lease = leases.hold(call, epoch);
  const isForsaken =
    situation?.kind === 'alone' && situation.ghosts.every((identity) => identity === call.agent);
  if (isForsaken && !call.order)
    await livekit.rooms.delete(call.start.room, AbortSignal.timeout(REQUEST_LIMIT)).catch(() => undefined);
  await lease.release().catch(() => undefined); // It is, when Redis is back.
  log.info('a call that was to be taken over was over');
}

/** Ends the thread of a call that needs no agent any more, after what was found. */
async function close(
  { call, epoch }: Claimed,
  { situation, before, reason }: { situation: Situation; before: Thread | undefined; reason: EndReason },
  exchange: Exchange,
): Promise<void> {
  const { clock, livekit, leases, log } = exchange;
  const { start, transfer } = call;
  const lease = leases.hold(call, epoch);
  const thread = exchange.open(start, undefined, { since: undefined, ending: AbortSignal.abort(), epoch });
  for (const entry of cutOff(before, clock)) thread.append(entry);
  if (reason.result === 'transferred' && transfer)
    thread.append({
      kind: 'transfer',
      attempt: {
        status: 'completed',
        cause: null,
        code: null,
        sip_status: null,
        method: transfer.method,
        to: transfer.to,
        seconds: 0,
      },
      at: timestamp(clock),
    });
  if (situation.kind === 'joined')
    await livekit.rooms
      .markJoined(start.room, [call.leg, situation.callee], AbortSignal.timeout(REQUEST_LIMIT))
      .catch((error: unknown) => log.warn({ pii: { error } }, 'a room of two who were joined is not marked'));
  else await livekit.rooms.delete(start.room, AbortSignal.timeout(REQUEST_LIMIT)).catch(() => undefined);
  thread.append({ kind: 'ended', end_reason: reason, at: timestamp(clock) });
  await written(thread);
  thread.close();
  await lease.release().catch(() => undefined);
  if (start.direction === 'outbound')
    await exchange.orders.over(start.organization, start.id).catch(() => undefined);
  log.info({ result: reason.result, reason: reason.reason }, 'a call that was taken over has ended');
}
