import { type JobContext, llm } from '@livekit/agents';
import { timestamp } from '../../../base/clock.ts';
import { asAttendantError } from '../../../base/errors.ts';
import type { ThreadStart } from '../../../threads/entry.ts';
import { renderedDestinations } from '../../tools/toolset.ts';
import type { ChosenAgent } from '../agent.ts';
import { inRoom } from '../calling-party.ts';
import type { Caller } from '../caller.ts';
import { Ending } from '../ending.ts';
import type { Exchange } from '../exchange.ts';
import { interject } from '../interjection.ts';
import { Presence } from '../presence.ts';
import { callerJoins, chaperone, hangUp, leave } from '../room.ts';
import { holdCall } from '../takeover/holding.ts';
import { tollsOf } from '../tolls.ts';
import { Transcript } from '../transcript.ts';
import { Transfer } from '../transfer/transfer.ts';
import { RECORDED, recording } from '../trouble/recordings.ts';
import { Ringing } from './ringing.ts';
import { written } from '../written.ts';

const REASON = 'E_WORKER_FULL';

/** A call that goes elsewhere, since no agent has time for it. */
export interface Overflowing {
  readonly job: JobContext;
  /** Of who calls. */
  readonly identity: string;
  readonly caller: Caller;
  readonly agent: ChosenAgent;
  readonly start: ThreadStart;
  /** Name of one of the definition's destinations. */
  readonly to: string;
}

/**
 * Puts a caller through without an agent. Only an answered call can be transferred, so what they hear of us is a ringing tone; where nobody takes
 * them, a recorded goodbye. Should this worker die meanwhile the call is taken over like any other, and an agent talks to them after all.
 */
export async function overflow(
  call: Overflowing,
  exchange: Exchange,
  { stop, onJoined }: { stop: AbortSignal; onJoined: () => void },
): Promise<void> {
  const { job, identity, caller, agent, start } = call;
  const { clock, log } = exchange;
  const leg = await callerJoins(job, stop, identity);
  const party = inRoom({ job, leg, caller, choice: { start, agent } }, exchange, stop);
  const presence = await Presence.of(party, job, exchange);
  if (!presence) return leave(job, log);
  const ending = new Ending();
  const thread = exchange.open(start, agent.definition, { ending: ending.begun });
  const { gone, answered, unwatch } = party.watch({ ending, thread });
  const held = { start, leg: identity, agent, order: undefined, epoch: 1, ending };
  const { lease, unwatch: letGo } = holdCall(job, held, exchange);
  const models = exchange.models.for(agent.definition);
  const transcript = new Transcript(thread, clock);
  const ringing = new Ringing(job.room, log);
  const transfer = new Transfer({
    ...exchange,
    room: job.room,
    leg: { room: start.room, identity },
    caller,
    gone,
    ending: ending.begun,
    tolls: tollsOf({ start, definition: agent.definition, thread }, exchange),
    models,
    history: () => llm.ChatContext.empty(),
    thread,
    listen: () => undefined,
    underWay: (attempt) => {
      lease.transferring(attempt);
      // Who is called into this room is waited for with a sound of their own.
      ringing.on = attempt?.method === 'refer';
    },
  });
  try {
    ringing.on = true;
    await ending.unlessEnded(answered);
    const { destinations: listed = {} } = agent.definition.tools.transfer_call ?? {};
    const destinations = renderedDestinations(listed, (template) =>
      agent.render(template, (variable) => transcript.warning('E_TEMPLATE_EMPTY', variable)),
    );
    const playedOut = () => Promise.resolve();
    const { last } = await transfer.run({ to: call.to, destinations, playedOut });
    if (last.status === 'completed') ending.decide({ result: 'transferred', reason: REASON });
    else {
      await ringing.end();
      const signal = ending.begun;
      const heard = await interject(job.room, recording('goodbye'), { signal, clock, log });
      if (heard > 0) transcript.assistant(RECORDED.goodbye, heard < 1);
      ending.decide({ result: 'failed', reason: REASON });
    }
  } catch (thrown) {
    ending.decide({ result: 'failed', reason: asAttendantError(thrown).code });
  }
  const endReason = await ending.decided;
  models.close();
  await ringing.end();
  const isOurs = await lease.check();
  const { callee } = transfer;
  const hungUp = isOurs && callee === undefined ? await hangUp(job, gone, endReason, exchange) : undefined;
  unwatch();
  if (isOurs) thread.append({ kind: 'ended', end_reason: endReason, at: timestamp(clock) });
  await written(thread);
  thread.close();
  letGo();
  if (!isOurs) {
    presence.leave();
    return leave(job, log);
  }
  await lease.release().catch(() => undefined); // It expires, and who finds it finds the call over.
  await presence.over({ served: true });
  await hungUp?.roomEnded;
  log.info(
    { result: endReason.result, reason: endReason.reason },
    'a call was put through for want of a place',
  );
  if (callee === undefined) return;
  onJoined();
  await chaperone(job, [identity, callee], { stop, exchange, shared: false });
}
