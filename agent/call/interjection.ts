import {
  AudioFrame,
  AudioSource,
  LocalAudioTrack,
  type Room,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';

/** Samples of one channel, 16 bit. */
export interface Pcm {
  readonly samples: Int16Array;
  readonly rate: number;
}

/** Milliseconds of audio queued ahead. */
const QUEUE = 600;
/** Milliseconds to wait for the telephone's side of the new track: without it the first word is lost. */
const SUBSCRIPTION_LIMIT = 1_000;
/** Milliseconds from our last frame to the caller's ear. */
const ON_ITS_WAY = 200;
const FRAMES_A_SECOND = 10;

/**
 * Plays a sentence that is there already, on a track of its own: it needs no model, and nothing that the agent's own voice may be stuck in. Resolves
 * when it has been heard, or the signal aborted, with the part of it that was played, from 0 to 1. Never rejects.
 */
export async function interject(
  room: Room,
  { samples, rate }: Pcm,
  { signal, clock, log }: { signal: AbortSignal; clock: Clock; log: Log },
): Promise<number> {
  const source = new AudioSource(rate, 1, QUEUE);
  let sid: string | undefined;
  let played = 0;
  try {
    const publication = await room.localParticipant?.publishTrack(
      LocalAudioTrack.createAudioTrack('interjection', source),
      new TrackPublishOptions({ source: TrackSource.SOURCE_UNKNOWN }),
    );
    sid = publication?.sid;
    const waited = new AbortController();
    await Promise.race([
      publication?.waitForSubscription(),
      clock.sleep(SUBSCRIPTION_LIMIT, AbortSignal.any([signal, waited.signal])).catch(() => undefined),
    ]);
    waited.abort(new Error('subscribed'));
    const length = Math.floor(rate / FRAMES_A_SECOND);
    for (let at = 0; at < samples.length && !signal.aborted; at += length) {
      const part = samples.slice(at, at + length);
      await source.captureFrame(new AudioFrame(part, rate, 1, part.length));
      played = Math.max(0, at + part.length - (source.queuedDuration * rate) / 1_000);
    }
    if (signal.aborted) source.clearQueue();
    else {
      await source.waitForPlayout();
      played = samples.length;
      await clock.sleep(ON_ITS_WAY, signal).catch(() => undefined);
    }
  } catch (error) {
    log.warn({ pii: { error } }, 'a sentence could not be played');
  } finally {
    if (sid !== undefined)
      await room.localParticipant
        ?.unpublishTrack(sid)
        .catch((error: unknown) => log.warn({ pii: { error } }, 'a track could not be taken away'));
    await source.close().catch(() => undefined);
  }
  return played / samples.length;
}
