import type { JobContext } from '@livekit/agents';
import { type DisconnectReason, RoomEvent } from '@livekit/rtc-node';
import { versionOf } from '../../../base/file-version.ts';
import type { ThreadStart } from '../../../threads/entry.ts';
import type { Lease } from '../../../threads/leases.ts';
import type { RoomOrder } from '../../../threads/room-agents.ts';
import type { ChosenAgent } from '../agent.ts';
import type { Ending } from '../ending.ts';
import type { Exchange } from '../exchange.ts';
import { isPutOut } from '../put-out.ts';

/** Milliseconds without LiveKit, after which the call is left to a worker that reaches it. */
const CUT_OFF = 2_000;

/** This worker's hold of the call, as far as the room has a say in it. */
export interface Holding {
  readonly lease: Lease;
  readonly unwatch: () => void;
}

/**
 * Holds the call for this worker: from now on another one takes it over when this one is gone, hangs, or is cut off. A call that was lost to
 * another worker ends here and nowhere else: its end is decided as `taken_over`, which never stands on a thread.
 */
export function holdCall(
  job: JobContext,
  call: {
    readonly start: ThreadStart;
    readonly leg: string;
    readonly agent: ChosenAgent;
    readonly order: RoomOrder | undefined;
    readonly epoch: number;
    readonly ending: Ending;
  },
  { leases, definitions, clock, log }: Exchange,
): Holding {
  const { start, leg, order, epoch, ending } = call;
  const { room } = job;
  const text = JSON.stringify(call.agent.definition);
  void definitions.keep(start.organization, text).catch((error: unknown) => {
    log.warn({ pii: { error } }, 'the definition of a call could not be kept');
  });
  const agent = room.localParticipant?.identity ?? '';
  const roomSid = job.job.room?.sid ?? '';
  const lease = leases.hold({ start, leg, agent, order, roomSid, definition: versionOf(text) }, epoch);
  const onLost = () => ending.decide({ result: 'failed', reason: 'taken_over' });
  lease.lost.addEventListener('abort', onLost, { once: true });

  let cancel: () => void = () => undefined;
  const onAway = () => {
    cancel();
    cancel = clock.after(CUT_OFF, () => {
      log.warn(
        { code: 'E_LIVEKIT_UNREACHABLE' },
        'cut off from the room of a call; leaving it to another worker',
      );
      lease.giveUp().catch(() => undefined); // Neither Redis: the lease expires.
    });
  };
  const onBack = () => cancel();
  const onDisconnected = (reason: DisconnectReason) => {
    cancel();
    if (!isPutOut(reason)) return;
    void lease.check().then((isOurs) => {
      if (isOurs) ending.decide({ result: 'failed', reason: 'room_closed' });
    });
  };
  room.on(RoomEvent.Reconnecting, onAway);
  room.on(RoomEvent.Reconnected, onBack);
  room.on(RoomEvent.Disconnected, onDisconnected);
  return {
    lease,
    unwatch: () => {
      cancel();
      lease.lost.removeEventListener('abort', onLost);
      room.off(RoomEvent.Reconnecting, onAway);
      room.off(RoomEvent.Reconnected, onBack);
      room.off(RoomEvent.Disconnected, onDisconnected);
    },
  };
}
