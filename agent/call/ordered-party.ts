import type { JobContext } from '@livekit/agents';
import type { RemoteParticipant } from '@livekit/rtc-node';
import { asAttendantError } from '../../base/errors.ts';
import type { OrderedAgent } from '../../threads/room-order-metadata.ts';
import { chooseAgent } from './agent.ts';
import { readCaller } from './caller.ts';
import { inRoom } from './calling-party.ts';
import type { Exchange } from './exchange.ts';
import type { Party } from './party.ts';
import { callerJoins, leave } from './room.ts';

/**
 * One who is in a room that somebody sends an agent into. An order is handed out once: undefined where another worker has it, it was taken back,
 * or the participant has left meanwhile.
 *
 * @throws AttendantError as `RoomAgents.take`; the order waits for the next job then.
 */
export async function orderedParty(
  { id, participant }: OrderedAgent,
  job: JobContext,
  exchange: Exchange,
  stop: AbortSignal,
): Promise<Party | undefined> {
  const { roomAgents, log } = exchange;
  const place = { room: job.job.room?.sid ?? '', participant };
  const order = await roomAgents.take(place, id);
  if (!order) return undefined;
  let leg: RemoteParticipant;
  try {
    leg = await callerJoins(job, stop, participant);
  } catch (thrown) {
    log.warn({ call: id, code: asAttendantError(thrown).code }, 'an agent did not find whom it was sent to');
    await leave(job, log);
    await roomAgents.over(place, id, { served: false }).catch(() => undefined);
    return undefined;
  }
  const read = readCaller(leg.attributes, leg.identity, leg.name ?? '');
  const caller = { ...read, uid: order.uid ?? read.uid, vars: { ...read.vars, ...order.vars } };
  const choice = await chooseAgent(job, caller, exchange, order);
  return { ...inRoom({ job, leg, caller, choice }, exchange, stop), order };
}
