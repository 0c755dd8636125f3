import type { JobContext } from '@livekit/agents';
import { type ParticipantInfo, ParticipantInfo_Kind } from '@livekit/protocol';
import { timestamp } from '../../../base/clock.ts';
import { asAttendantError } from '../../../base/errors.ts';
import type { EndReason } from '../../../threads/entry.ts';
import { chooseAgent, type Choice } from '../agent.ts';
import { readCaller } from '../caller.ts';
import type { Exchange } from '../exchange.ts';
import { hangUp } from '../room.ts';
import { overflow } from './overflow.ts';
import { written } from '../written.ts';

/** Milliseconds. A room begins with its caller, so they are there at once, or it is nobody's call. */
const CALLER_LIMIT = 3_000;
const LOOK_EVERY = 100;
const LOOK_LIMIT = 2_000;
/** What LiveKit SIP tells a caller whose call is refused before it was answered. */
const BUSY = 486;

/**
 * One call that no child has a place for: the caller is put through where the definition says, or gets busy at once, and the thread says so. No model is
 * asked, and for a busy nobody joins the room: it must cost those little who talk already. A caller without a telephone is left alone.
 *
 * @param worker.onJoined told when the caller talks to somebody else in this room, and we are out of it.
 */
export async function turnAway(
  job: JobContext,
  exchange: Exchange,
  { stop, onJoined }: { stop: AbortSignal; onJoined: () => void },
): Promise<void> {
  const leg = await ringing(job.job.room?.name ?? '', exchange, stop);
  if (!leg) return;
  const caller = readCaller(leg.attributes, leg.identity, leg.name);
  const choice = await chooseAgent(job, caller, exchange);
  const { id: call, uid } = choice.start;
  const own = { ...exchange, log: exchange.log.child({ call, uid }) };
  own.log.warn({ code: 'E_WORKER_FULL' }, 'no place for a call');
  const { agent, start } = choice;
  const to = agent?.definition.overflow;
  if (!agent || to === undefined) return busy(job, choice, own);
  await overflow({ job, identity: leg.identity, caller, agent, start, to }, own, { stop, onJoined });
}

async function busy(job: JobContext, choice: Choice, exchange: Exchange): Promise<void> {
  const { clock, log } = exchange;
  const reason = choice.agent ? 'E_WORKER_FULL' : choice.error.code;
  const end_reason: EndReason = { result: 'failed', reason, sip_status: BUSY };
  const { roomEnded } = await hangUp(job, new AbortController().signal, end_reason, exchange);
  const thread = exchange.open(choice.start, choice.agent?.definition);
  thread.append({ kind: 'ended', end_reason, at: timestamp(clock) });
  await written(thread);
  thread.close();
  await roomEnded;
  log.info({ result: 'failed', reason }, 'a call was refused');
}

/** Who rings, read at the server; undefined where nobody does. */
async function ringing(
  room: string,
  { livekit, clock, log }: Exchange,
  stop: AbortSignal,
): Promise<ParticipantInfo | undefined> {
  const until = clock.now() + CALLER_LIMIT;
  do {
    try {
      const there = await livekit.rooms.participants(room, AbortSignal.timeout(LOOK_LIMIT));
      const leg = there.find(({ kind }) => kind === ParticipantInfo_Kind.SIP);
      if (leg) return leg;
    } catch (thrown) {
      log.debug({ code: asAttendantError(thrown).code }, 'the room of a call cannot be looked at just now');
    }
    await clock.sleep(LOOK_EVERY, stop).catch(() => undefined);
  } while (!stop.aborted && clock.now() < until);
  return undefined;
}
