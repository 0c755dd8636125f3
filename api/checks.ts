import { AttendantError } from '../base/errors.ts';
import type { ModelServer } from '../config.ts';
import type { LiveKit } from '../livekit/client.ts';
import type { Threads } from '../threads/store.ts';
import type { Checks } from './readiness.ts';

/**
 * What must hold for calls to come: Redis answers, LiveKit answers with our key and takes new rooms, trunks and rules are applied, a worker is
 * there, and, where models are our own speech server's, it answers too.
 */
export function readinessChecks(parts: {
  threads: Pick<Threads, 'ping' | 'workers'>;
  livekit: Pick<LiveKit, 'serving'> & { rooms: Pick<LiveKit['rooms'], 'list'> };
  provisioned: { applied(): boolean };
  models: readonly ModelServer[];
}): Checks {
  const { threads, livekit, provisioned, models } = parts;
  const local = models.find((model) => !model.real);
  return {
    redis: () => threads.ping(),
    livekit: async (signal) => {
      await livekit.rooms.list(signal);
      await livekit.serving(signal);
    },
    provisioned: () => {
      if (provisioned.applied()) return Promise.resolve();
      return Promise.reject(new AttendantError('E_NOT_PROVISIONED', 'trunks or dispatch rules are missing'));
    },
    worker: async () => {
      if ((await threads.workers.count()) === 0)
        throw new AttendantError('E_NO_WORKER', 'no worker is registered');
    },
    ...(local && { speech: (signal: AbortSignal) => answers(local, signal) }),
  };
}

async function answers(server: ModelServer, signal: AbortSignal): Promise<void> {
  let response: Response;
  try {
    response = await fetch(`${server.baseUrl}/models`, { signal });
    await response.body?.cancel();
  } catch (cause) {
    throw new AttendantError('E_MODEL_FAILED', `${server.baseUrl} does not answer`, { cause });
  }
  if (!response.ok)
    throw new AttendantError('E_MODEL_FAILED', `${server.baseUrl} answers ${response.status}`);
}
