import type { JobContext } from '@livekit/agents';
import { chooseAgent } from './agent.ts';
import { readCaller } from './caller.ts';
import type { Exchange } from './exchange.ts';
import type { Party } from './party.ts';
import { callerJoins, watch } from './room.ts';

/** One who called us, and is in the room. */
export async function callingParty(job: JobContext, exchange: Exchange, stop: AbortSignal): Promise<Party> {
  const leg = await callerJoins(job, stop);
  const caller = readCaller(leg.attributes, leg.identity, leg.name ?? '');
  const choice = chooseAgent(job, caller, exchange);
  return {
    leg,
    caller,
    choice,
    watch: ({ ending, thread }) =>
      watch({ job, leg, ending, thread, stop, clock: exchange.clock, agent: choice.agent }),
    enter: () => Promise.resolve(),
    // The agent's track is the answer.
    reach: () => Promise.resolve(true),
    over: () => Promise.resolve(),
  };
}
