import { stt, type VADEvent, VADEventType } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import { ReadableStream } from 'node:stream/web';
import { systemClock } from '../../base/clock.ts';
import type { Detector } from './vad/detector.ts';

/**
 * What the caller says, utterance by utterance, each understood when it has ended. The utterances are those that the detector finds for the
 * conversation itself; the framework's own way looks for them a second time in the same sound.
 *
 * @param pick what of an understood utterance goes on; undefined where nothing does.
 */
export function understood(
  audio: ReadableStream<AudioFrame> | AsyncIterable<AudioFrame>,
  detector: Detector,
  hearing: stt.STT,
  pick: (event: stt.SpeechEvent) => stt.SpeechEvent | undefined,
): ReadableStream<stt.SpeechEvent> {
  const over = new AbortController();
  let unwatch: () => void = () => undefined;
  return new ReadableStream<stt.SpeechEvent>({
    start: (events) => {
      // One after the other: they are to be read in the order in which they were said.
      let last = Promise.resolve();
      const put = (event: stt.SpeechEvent | undefined) => {
        if (event && !over.signal.aborted) events.enqueue(event);
      };
      const heard = async (event: VADEvent) => {
        if (event.type === VADEventType.START_OF_SPEECH) {
          put({ type: stt.SpeechEventType.START_OF_SPEECH });
          return;
        }
        const speechEndTime = systemClock.now() - event.silenceDuration;
        put({ type: stt.SpeechEventType.END_OF_SPEECH, speechEndTime });
        // Who is at fault where nothing is understood the hearing tells by itself.
        const text = await hearing.recognize(event.frames, over.signal).catch(() => undefined);
        if (text?.alternatives?.[0].text) put(pick({ ...text, speechEndTime }));
      };
      unwatch = detector.onUtterance((event) => {
        last = last.then(() => heard(event));
      });
      void drain(audio).finally(() => {
        unwatch();
        void last.finally(() => {
          if (!over.signal.aborted) events.close();
        });
      });
    },
    cancel: () => {
      over.abort();
      unwatch();
    },
  });
}

/** The framework's copy of the sound is let go: unread it would pile up. */
async function drain(audio: ReadableStream<AudioFrame> | AsyncIterable<AudioFrame>): Promise<void> {
  const frames = audio[Symbol.asyncIterator]();
  try {
    while ((await frames.next()).done !== true);
  } catch {
    // The call is over.
  }
}
