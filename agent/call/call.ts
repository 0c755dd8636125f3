import type { JobContext } from '@livekit/agents';
import { timestamp } from '../../base/clock.ts';
import { asAttendantError } from '../../base/errors.ts';
import { orderedIn } from '../../threads/room-order-metadata.ts';
import { calledParty, orderOf } from './called-party.ts';
import { callingParty } from './calling-party.ts';
import { SIDE_CALL_HEADER, sideCall } from './consult/side-call.ts';
import { Conversation } from './conversation.ts';
import { Ending } from './ending.ts';
import type { Exchange } from './exchange.ts';
import { orderedParty } from './ordered-party.ts';
import type { Party } from './party.ts';
import { Presence } from './presence.ts';
import { recordingOf } from './recording/of-call.ts';
import type { Recording } from './recording/recording.ts';
import { chaperone, hangUp, leave, TAKEN_OUT, WORKER_STOPPED } from './room.ts';
import { tollsOf } from './tolls.ts';
import { handOver } from './takeover/hand-over.ts';
import { HeldThread } from './takeover/held-thread.ts';
import { holdCall, type Holding } from './takeover/holding.ts';
import { cutOff, type Resumed } from './takeover/resumed.ts';
import { written } from './written.ts';

/**
 * One call, from LiveKit's job to the end of its thread.
 *
 * @param worker.stop aborts when the worker has to end the call: its job was terminated, or it shuts down.
 * @param worker.onJoined told when the caller talks to somebody else in this room, and the agent is out of it.
 */
export async function takeCall(
  job: JobContext,
  exchange: Exchange,
  { stop, onJoined }: { stop: AbortSignal; onJoined: () => void },
): Promise<void> {
  const since = exchange.clock.now();
  const order = orderOf(job);
  const party = await partyOf(job, exchange, stop);
  if (!party) return; // Another worker makes this call, or nobody is there any more.
  // How soon a call is answered that we make is for the callee to say.
  await carry(party, job, exchange, { stop, onJoined, since: order ? undefined : since });
}

/**
 * Carries a call from the moment its other side is known to the end of its thread.
 *
 * @param worker.since when LiveKit gave us the job, where the other side called us; milliseconds since 1970.
 * @param worker.resumed what was before, where this worker takes the call over from another.
 */
export async function carry(
  party: Party,
  job: JobContext,
  exchange: Exchange,
  {
    stop,
    onJoined,
    since,
    resumed,
  }: { stop: AbortSignal; onJoined: () => void; since?: number | undefined; resumed?: Resumed },
): Promise<void> {
  const presence = await Presence.of(party, job, exchange);
  if (!presence) {
    exchange.log.info('an agent was sent to somebody who has one; it leaves');
    return leave(job, exchange.log);
  }
  const { leg, caller, choice } = party;
  const ending = new Ending();
  const epoch = resumed?.epoch ?? 1;
  const tools = choice.agent?.functions?.exported.tools.map(({ name }) => name) ?? [];
  const timing = { since, ending: ending.begun, tools, epoch };
  const thread = new HeldThread(exchange.open(choice.start, choice.agent?.definition, timing), ending.begun);
  const { clock } = exchange;
  for (const entry of cutOff(resumed?.thread, clock)) thread.append(entry);
  const { id: call, uid } = choice.start;
  const log = exchange.log.child({ call, uid });
  /** As every call has it, but with a log that says which call it is of. */
  const own: Exchange = { ...exchange, log };
  // Not what was dialed: where no agent has that name it may be somebody's number.
  const agent = choice.agent?.definition.name;
  log.info({ agent }, 'a call begins');

  const { gone, answered, unwatch } = party.watch({ ending, thread });
  const isSideCall = caller.header(SIDE_CALL_HEADER) !== undefined;
  let holding: Holding | undefined;
  let conversation: Conversation | undefined;
  let keepHere: () => void = () => undefined;
  let recording: Recording | undefined;
  try {
    if (!choice.agent) throw choice.error;
    await party.enter(ending);
    const { start, agent } = choice;
    holding = holdCall(job, { start, leg: leg.identity, agent, order: party.order, epoch, ending }, own);
    recording = recordingOf(
      choice.agent.definition,
      { room: job.job.room?.name ?? '', thread, ending: ending.begun },
      own,
    );
    const { definition } = choice.agent;
    const tolls = tollsOf({ start, definition, thread }, own);
    conversation = new Conversation({
      job,
      leg,
      caller,
      agent: choice.agent,
      thread,
      ending,
      gone,
      answered,
      exchange: own,
      recording,
      tolls,
      lease: holding.lease,
      resumed,
      aside: isSideCall
        ? undefined
        : (errand) =>
            sideCall(errand, { start: choice.start, caller, tolls, ending: ending.begun, gone }, exchange),
    });
    const { lease } = holding;
    const busy = () => conversation?.busy;
    keepHere = exchange.onHandOver(() => void handOver({ lease, busy, ending: ending.begun, clock, log }));
    await conversation.begin();
    if (await party.reach(conversation, tolls)) await conversation.greet();
  } catch (thrown) {
    ending.decide({ result: 'failed', reason: asAttendantError(thrown).code });
  }
  const endReason = await ending.decided;
  keepHere();
  // Asked once more: a worker that hung has many reasons to end what is another one's by now.
  if (holding && !(await holding.lease.check())) {
    thread.isLost();
    presence.leave();
    await conversation?.end();
    holding.unwatch();
    unwatch();
    await leave(job, log);
    log.warn('another worker has the call now');
    return;
  }
  thread.isOurs();
  const recordsOn =
    conversation?.callee !== undefined && choice.agent?.definition.recording?.after_transfer === 'continue';
  if (!recordsOn) void recording?.end();
  await conversation?.end();
  const callee = conversation?.callee;
  const stays = callee !== undefined || endReason.reason === TAKEN_OUT;
  if (!stays) await conversation?.bye();
  const who = party.order && leg.identity;
  const hungUp = callee === undefined ? await hangUp(job, gone, endReason, own, who) : undefined;
  unwatch();
  await conversation?.exit(endReason);

  thread.append({ kind: 'ended', end_reason: endReason, at: timestamp(clock) });
  await written(thread);
  // What becomes of the recording is known a moment after the call.
  const close = async () => {
    await recording?.settled();
    thread.close();
  };
  const closed = recordsOn ? undefined : close();
  holding?.unwatch();
  await holding?.lease.release().catch(() => undefined); // It is, when Redis is back.
  await Promise.all([party.over(), presence.over({ served: endReason.reason !== WORKER_STOPPED })]);
  await hungUp?.roomEnded;
  log.info({ agent, result: endReason.result, reason: endReason.reason }, 'a call has ended');
  if (callee !== undefined) {
    // The thread is about the agent, which is out of it; the two who were joined talk on.
    onJoined();
    await chaperone(job, [leg.identity, callee], { stop, exchange: own, shared: party.order !== undefined });
  }
  await closed;
  if (!recordsOn) return;
  // A worker that stops leaves the two alone, and their recording with them.
  if (stop.aborted) thread.close();
  else await recording?.end().then(close);
}

/** Who the agent talks to: whom it is to call, whom it was sent to, or who calls. */
async function partyOf(job: JobContext, exchange: Exchange, stop: AbortSignal): Promise<Party | undefined> {
  const order = orderOf(job);
  if (order) return calledParty(order, job, exchange, stop);
  const ordered = orderedIn(job.job.metadata);
  if (ordered) return orderedParty(ordered, job, exchange, stop);
  return callingParty(job, exchange, stop);
}
