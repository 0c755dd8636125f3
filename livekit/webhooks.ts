import { WebhookReceiver } from 'livekit-server-sdk';
import { AttendantError } from '../base/errors.ts';

/** What a webhook of LiveKit's is about (https://docs.livekit.io/intro/basics/rooms-participants-tracks/webhooks-events/). */
export interface RoomEvent {
  readonly id: string;
  /** E.g. `participant_joined`. */
  readonly event: string;
  /** The room's name; undefined where it is about none. */
  readonly room: string | undefined;
}

/** Milliseconds after which an event is news no more: LiveKit tries for some seconds to tell it. Its tokens count for five minutes. */
const MOST_AGE = 300_000;
/** Seconds by which the clocks of two machines may differ. */
const TOLERANCE = 10;

/**
 * Reads webhooks that a livekit-server with our key signed: a JWT with the SHA-256 of the body.
 *
 * @returns what reads one. It throws AttendantError E_WEBHOOK_FORGED where the signature, the body or the age is not right.
 */
export function webhookReader({ apiKey, apiSecret }: { apiKey: string; apiSecret: string }) {
  const receiver = new WebhookReceiver(apiKey, apiSecret);
  return async (body: string, authorization: string, now: number): Promise<RoomEvent> => {
    try {
      const token = authorization.replace(/^Bearer /i, '');
      const { id, event, room, createdAt } = await receiver.receive(body, token, false, TOLERANCE);
      if (now - Number(createdAt) * 1_000 > MOST_AGE) throw new Error('it is too old');
      if (id === '') throw new Error('it has no id');
      return { id, event, room: room?.name };
    } catch (cause) {
      throw new AttendantError('E_WEBHOOK_FORGED', 'that is no webhook of our LiveKit', { cause });
    }
  };
}
