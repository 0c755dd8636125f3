import type { JobContext } from '@livekit/agents';
import { timestamp } from '../../../base/clock.ts';
import { asAttendantError } from '../../../base/errors.ts';
import { type AgentName, newThreadId, type Uid } from '../../../base/ids.ts';
import { asideRoom, calleeIdentity } from '../../../livekit/identities.ts';
import type { EndReason, ThreadStart } from '../../../threads/entry.ts';
import { agentFor, type ChosenAgent } from '../agent.ts';
import type { Caller } from '../caller.ts';
import { Conversation } from '../conversation.ts';
import { notAnswered, watchDialed } from '../dialed-leg.ts';
import { Ending } from '../ending.ts';
import type { Exchange } from '../exchange.ts';
import { hangUp, joinRoom } from '../room.ts';
import { dialCallee } from '../transfer/callee.ts';
import { classify, type Verdict } from '../transfer/result.ts';
import type { AsideEnd, Errand } from './consult.ts';
import type { Tolls } from '../tolls.ts';
import { Minutes } from './minutes.ts';
import { written } from '../written.ts';

/** Milliseconds from the answer, whatever the definition says: a caller is waiting. */
const LONGEST = 300_000;
/** For the goodbye of an agent whose time is up. */
const GOODBYE = 20_000;
/** LiveKit's own end of the leg, should this process be gone by then. */
const LEG_MARGIN = 30_000;
/** Milliseconds after which LiveKit closes the room where nobody comes, or all have left. */
const ROOM_EMPTY = 20_000;
const CREATE_LIMIT = 5_000;
/** Marks our INVITE: an agent of ours who answers it makes no side calls, so that none can go round in a ring. */
export const SIDE_CALL_HEADER = 'X-Attendant-Side-Call';

/** The call that a side call is made for. */
export interface Parent {
  readonly start: ThreadStart;
  readonly caller: Caller;
  /** Of the caller's call, whose agent has this one made. */
  readonly tolls: Tolls;
  /** Aborts when the caller's call ends, by whomever. */
  readonly ending: AbortSignal;
  /** Aborts when the caller has hung up. */
  readonly gone: AbortSignal;
}

/**
 * One side call: somebody is dialed into a room of its own, an agent of its own talks there, and what it found comes back. When the
 * caller's call ends this resolves at once, and the side call is hung up and its room removed behind it.
 */
export function sideCall(errand: Errand, parent: Parent, exchange: Exchange): Promise<AsideEnd> {
  const { clock, log } = exchange;
  const id = newThreadId(clock.now());
  return new Promise((resolve) => {
    const unwatch = whenEnded(parent, (how) =>
      resolve({
        verdict: classify({ over: 'call_ended', callerGone: how === 'caller_hung_up' }),
        thread: id,
      }),
    );
    place(id, errand, parent, exchange)
      .then(resolve, (thrown: unknown) => {
        const { code } = asAttendantError(thrown);
        log.warn(
          { call: parent.start.id, uid: parent.start.uid, code, pii: { error: thrown } },
          'a side call could not be made',
        );
        const cause = code === 'E_LIVEKIT_UNREACHABLE' ? 'livekit_unreachable' : code;
        const verdict: Verdict = { status: 'failed', cause, code: null, sip_status: null };
        resolve({ verdict, thread: null });
      })
      .finally(unwatch);
  });
}

async function place(
  id: ThreadStart['id'],
  errand: Errand,
  parent: Parent,
  exchange: Exchange,
): Promise<AsideEnd> {
  const { clock, livekit } = exchange;
  const { destination } = errand;
  const log = exchange.log.child({ call: id, parent: parent.start.id, uid: parent.start.uid });
  const { definition, version, functions } = await exchange.definition(destination.agent as AgentName);
  const { caller } = parent;
  const room = asideRoom(id);
  const start: ThreadStart = {
    id,
    uid: id as string as Uid,
    organization: parent.start.organization,
    agent: definition.name as AgentName,
    agent_version: version,
    direction: 'outbound',
    parent: parent.start.id,
    caller: {
      number: caller.number,
      name: '',
      dialed: destination.to,
      trunk: destination.trunk ?? '',
      sip_call_id: '',
      headers: {},
      vars: {},
    },
    room,
    started_at: timestamp(clock),
  };
  const agent = { ...agentFor(definition, start, caller, exchange), functions };
  await livekit.rooms.create(room, ROOM_EMPTY, AbortSignal.timeout(CREATE_LIMIT));
  const tools = functions?.exported.tools.map(({ name }) => name) ?? [];
  const thread = new Minutes(errand.discreet(exchange.open(start, definition, { tools })));
  // Nobody goes on with it whose worker is gone, but somebody ends it.
  const lease = exchange.leases.hold({ start, leg: '', agent: '', definition: '', roomSid: '' }, 1);
  log.info({ agent: definition.name }, 'a side call begins');
  let end: { reason: EndReason; verdict: Verdict } | undefined;
  try {
    await exchange.beside(room, async (job) => {
      end = await talk({ job, room, errand, parent, agent, thread, exchange: { ...exchange, log } });
    });
  } catch (thrown) {
    const { code } = asAttendantError(thrown);
    log.warn({ code, pii: { error: thrown } }, 'a side call broke');
    end ??= {
      reason: { result: 'failed', reason: code },
      verdict: { status: 'failed', cause: code, code: null, sip_status: null },
    };
    await livekit.rooms.delete(room, AbortSignal.timeout(CREATE_LIMIT)).catch(() => undefined);
  }
  const { reason, verdict } = end as NonNullable<typeof end>;
  thread.append({ kind: 'ended', end_reason: reason, at: timestamp(clock) });
  await written(thread);
  thread.close();
  await lease.release().catch(() => undefined);
  log.info({ result: reason.result, reason: reason.reason }, 'a side call has ended');
  const { outcome, heard } = thread;
  if (outcome !== undefined) return { verdict: classify({ over: 'answered' }), thread: id, outcome };
  return { verdict, thread: id, ...(heard === '' ? {} : { heard }) };
}

/** The side call from its room's first moment to its last. */
async function talk(parts: {
  job: JobContext;
  room: string;
  errand: Errand;
  parent: Parent;
  agent: ChosenAgent;
  thread: Minutes;
  exchange: Exchange;
}): Promise<{ reason: EndReason; verdict: Verdict }> {
  const { job, room, errand, parent, agent, thread, exchange } = parts;
  const { clock, livekit, log, env } = exchange;
  const { destination, ask } = errand;
  const ending = new Ending();
  const gone = new AbortController();
  let pickUp: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => (pickUp = resolve));
  const identity = calleeIdentity();
  const limit = Math.min(agent.definition.limits.max_duration * 1_000 + GOODBYE, LONGEST);
  const unwatch = whenEnded(parent, (reason) => ending.decide({ result: 'abandoned', reason }));
  const leg = watchDialed(job.room, identity, ending, gone);
  let cancelLimit: () => void = () => undefined;
  let verdict: Verdict | undefined;
  let conversation: Conversation | undefined;
  try {
    await joinRoom(job, ending.begun);
    conversation = new Conversation({
      job,
      leg: { identity },
      caller: { number: '', dialed: '', hasSipLeg: true, additionalInstructions: '' },
      agent,
      thread,
      ending,
      gone: gone.signal,
      answered,
      exchange,
      task: ask,
      tolls: parent.tolls,
    });
    // Listening before they pick up: machines speak at once.
    await conversation.begin();
    const dialed = await dialCallee(
      {
        room: job.room,
        leg: { room },
        caller: parent.caller,
        gone: parent.gone,
        ending: ending.begun,
        maxDuration: limit + LEG_MARGIN,
        tolls: parent.tolls,
        livekit,
        env,
        clock,
        log,
      },
      { ...destination, headers: { ...destination.headers, [SIDE_CALL_HEADER]: '1' } },
      undefined,
      identity,
    );
    if (dialed.identity === undefined) {
      // Given up by ourselves, the reason says why.
      if (!ending.begun.aborted) verdict = dialed.verdict;
      ending.decide(notAnswered(dialed.verdict));
    } else {
      thread.append({ kind: 'answered', at: timestamp(clock) });
      cancelLimit = clock.after(limit, () => ending.decide({ result: 'completed', reason: 'max_duration' }));
      leg.answered();
      pickUp();
      await conversation.greet();
    }
  } catch (thrown) {
    ending.decide({ result: 'failed', reason: asAttendantError(thrown).code });
  }
  const reason = await ending.decided;
  cancelLimit();
  await conversation?.end();
  // Gone or not, the room goes: nobody else is in it.
  const { roomEnded } = await hangUp(job, new AbortController().signal, reason, exchange);
  await conversation?.exit(reason);
  await roomEnded;
  unwatch();
  leg.unwatch();
  return { reason, verdict: verdict ?? verdictOf(reason, parent) };
}

/** Tells when the caller's call ends. That the caller has gone is known right after the end is decided, so a moment later. */
function whenEnded(
  { ending, gone }: Parent,
  tell: (how: 'caller_hung_up' | 'call_ended') => void,
): () => void {
  const onEnds = () => queueMicrotask(() => tell(gone.aborted ? 'caller_hung_up' : 'call_ended'));
  ending.addEventListener('abort', onEnds, { once: true });
  if (ending.aborted) onEnds();
  return () => ending.removeEventListener('abort', onEnds);
}

/** A side call that was answered, and ended without an outcome. */
function verdictOf({ reason }: EndReason, parent: Parent): Verdict {
  if (parent.ending.aborted) return classify({ over: 'call_ended', callerGone: parent.gone.aborted });
  const status = reason === 'max_duration' ? 'timeout' : 'failed';
  return { status, cause: reason, code: null, sip_status: null };
}
