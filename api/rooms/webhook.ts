import type { Clock } from '../../base/clock.ts';
import { webhookReader } from '../../livekit/webhooks.ts';
import { hookTakenKey } from '../../threads/keys.ts';
import type { Redis } from '../../threads/redis.ts';
import { bodyOf } from '../body.ts';
import type { PublicOperation } from '../operation.ts';

/** Longer than LiveKit's signature counts. Milliseconds. */
const REMEMBERED = 900_000;
/** Events that change who is in a room. */
const TELLING: readonly string[] = [
  'participant_joined',
  'participant_left',
  'participant_connection_aborted',
];

/** What webhooks of LiveKit's are read with, and told to. */
export interface LiveKitHooks {
  readonly key: { readonly apiKey: string; readonly apiSecret: string };
  readonly redis: Redis;
  readonly clock: Clock;
  /** Told the name of a room that somebody has come to, or left. */
  readonly told: (room: string) => void;
}

/** `POST /livekit/webhooks`: what livekit-server tells, for room rules. Nothing is believed of it but which room to look into. */
export function liveKitOperations({ key, redis, clock, told }: LiveKitHooks): PublicOperation[] {
  const read = webhookReader(key);
  return [
    {
      id: 'receiveLiveKitWebhook',
      method: 'POST',
      path: '/livekit/webhooks',
      tag: 'LiveKit',
      summary: 'Webhooks of livekit-server',
      description:
        'For `webhook.urls` in livekit.yaml; the header `Authorization` has a token that livekit-server signs with its key, with the hash of the ' +
        'body. One that comes twice is answered like the first and does nothing.',
      answers: [{ status: 204, description: 'It was taken' }],
      errors: ['E_WEBHOOK_FORGED', 'E_TOO_LARGE'],
      run: async (request) => {
        const body = await bodyOf(request);
        const { id, event, room } = await read(body, request.headers.get('authorization') ?? '', clock.now());
        // With Redis away nobody knows; that a room is looked into twice does no harm.
        const first = await redis
          .run((client) => client.set(hookTakenKey(id.slice(0, 128)), '1', { PX: REMEMBERED, NX: true }))
          .catch(() => 'OK');
        if (first !== null && room !== undefined && TELLING.includes(event)) told(room);
        return new Response(null, { status: 204 });
      },
    },
  ];
}
