import type { JobContext } from '@livekit/agents';
import { systemClock } from '../../../base/clock.ts';
import { within } from '../../../base/within.ts';
import type { HeldCall } from '../../../threads/leases.ts';
import type { Choice } from '../agent.ts';
import { type Caller, notesIn } from '../caller.ts';
import type { Exchange } from '../exchange.ts';
import { HeldOrder } from '../held-order.ts';
import type { Party } from '../party.ts';
import { joinRoom, watch } from '../room.ts';

/** Milliseconds that somebody who is in the room may take to be seen there. */
const SEEN_LIMIT = 5_000;

/** Who calls, as the thread of a call that goes on has it. */
export function callerOf({ start }: HeldCall): Caller {
  return {
    ...start.caller,
    uid: start.uid,
    additionalInstructions: notesIn(start.caller.headers),
    hasSipLeg: start.caller.sip_call_id !== '' || start.direction === 'outbound',
    header: (name) => start.caller.headers[name.toLowerCase()],
  };
}

/** The other side of a call that another worker had. */
export async function heldParty(
  call: HeldCall,
  choice: Choice,
  job: JobContext,
  exchange: Exchange,
  { stop, wasAnswered }: { stop: AbortSignal; wasAnswered: boolean },
): Promise<Party> {
  await joinRoom(job, stop);
  const leg = await within(job.waitForParticipant(call.leg), SEEN_LIMIT, {
    what: 'the other side of a call that was taken over',
    clock: systemClock,
    signal: stop,
  });
  const order = call.start.direction === 'outbound' ? new HeldOrder(exchange, call.start).begin() : undefined;
  return {
    leg,
    caller: callerOf(call),
    choice,
    ...(call.order && { order: call.order }),
    watch: ({ ending, thread }) =>
      watch({ job, leg, ending, thread, stop, clock: exchange.clock, agent: choice.agent, wasAnswered }),
    enter: () => Promise.resolve(),
    reach: () => Promise.resolve(true),
    over: async () => order?.over(),
  };
}
