import { JobContext, type JobProcess, runWithJobContextAsync } from '@livekit/agents';
import { randomUUID } from 'node:crypto';
import { Job, JobAssignment, Room as RoomInfo } from '@livekit/protocol';
import { Room } from '@livekit/rtc-node';
import type { LiveKit } from '../../livekit/client.ts';
import { agentIdentity } from '../../livekit/identities.ts';
import type { Log } from '../../base/log.ts';
import type { TurnModel } from '../call/models.ts';
import { identityOf } from '../call/presence.ts';
import type { RoomEvents } from './room-events.ts';

/** A job of our own making, for a room that LiveKit sends nobody to. */
export async function sideAssignment(
  room: { readonly name: string; readonly sid?: string },
  livekit: LiveKit,
  url: string,
): Promise<JobAssignment> {
  const job = new Job({ id: `aside-${randomUUID()}`, room: new RoomInfo(room) });
  return new JobAssignment({ job, url, token: await livekit.joinToken(room.name, agentIdentity(job.id)) });
}

/**
 * One job's place in this process: the framework's JobContext around `work`, and everything of it taken away afterwards, which
 * the framework leaves to the process that ends with the job.
 */
export async function seat(
  assignment: JobAssignment,
  parts: {
    process: JobProcess;
    url: string;
    turnModel: TurnModel;
    rooms: RoomEvents;
    log: Log;
    onShutdown: () => void;
  },
  work: (context: JobContext) => Promise<void>,
): Promise<void> {
  const { job } = assignment;
  if (!job) return;
  const room = new Room();
  parts.rooms.expect(room);
  const context = new JobContext(
    parts.process,
    {
      acceptArguments: { identity: identityOf({ job }), name: '', metadata: '' },
      job,
      url: assignment.url ?? parts.url,
      token: assignment.token,
      workerId: '',
    },
    room,
    () => parts.rooms.adopt(room),
    parts.onShutdown,
    parts.turnModel,
  );
  try {
    await runWithJobContextAsync(context, () => work(context));
  } finally {
    await context
      ._onSessionEnd()
      .catch((error: unknown) => parts.log.warn({ pii: { error } }, 'a session did not end cleanly'));
    for (const callback of context.shutdownCallbacks) {
      await callback().catch((error: unknown) =>
        parts.log.warn({ pii: { error } }, 'a shutdown callback failed'),
      );
    }
    parts.rooms.forget(room);
  }
}
