import type { JobContext } from '@livekit/agents';
import type { RemoteParticipant } from '@livekit/rtc-node';
import { chooseAgent, type Choice } from './agent.ts';
import { orderedIn } from '../../threads/room-order-metadata.ts';
import { orderOf } from './called-party.ts';
import { type Caller, readCaller } from './caller.ts';
import type { Exchange } from './exchange.ts';
import type { Party } from './party.ts';
import { callerJoins, watch } from './room.ts';

/** Whether a job is for somebody who calls us, and not for an agent that was ordered. */
export function isOfCaller(job: Pick<JobContext, 'job'>): boolean {
  return !orderOf(job) && !orderedIn(job.job.metadata);
}

/** One who called us, and is in the room. */
export async function callingParty(job: JobContext, exchange: Exchange, stop: AbortSignal): Promise<Party> {
  const leg = await callerJoins(job, stop);
  const caller = readCaller(leg.attributes, leg.identity, leg.name ?? '');
  return inRoom({ job, leg, caller, choice: await chooseAgent(job, caller, exchange) }, exchange, stop);
}

/** One who is in the room that the agent has joined. */
export function inRoom(
  parts: { job: JobContext; leg: RemoteParticipant; caller: Caller; choice: Choice },
  { clock }: Pick<Exchange, 'clock'>,
  stop: AbortSignal,
): Party {
  const { job, leg, caller, choice } = parts;
  return {
    leg,
    caller,
    choice,
    watch: ({ ending, thread }) => watch({ job, leg, ending, thread, stop, clock, agent: choice.agent }),
    enter: () => Promise.resolve(),
    // The agent's track is the answer.
    reach: () => Promise.resolve(true),
    over: () => Promise.resolve(),
  };
}
