import { type AudioBuffer, llm, mergeFrames, stt } from '@livekit/agents';
import { AudioFrame, AudioResampler } from '@livekit/rtc-node';
import type { RealtimeSettings } from '../../definition/realtime.ts';
import type { Listener } from '../trouble/hearing.ts';
import type { Replier, Reply } from '../trouble/mind.ts';
import { REALTIME_RATE } from './events.ts';
import { RealtimeLink } from './link.ts';
import type { RealtimeServer } from './socket.ts';
import { type Utterance, Utterances, withoutMarks } from './utterances.ts';

/** A speech-to-speech model in one call: it hears, it replies, and its replies have a sound of their own. */
export interface RealtimeParts {
  readonly ears: Listener;
  readonly mind: Replier;
  /** Sounds of its replies; undefined where it writes them. */
  readonly utterances: Utterances | undefined;
  readonly link: RealtimeLink;
}

/** @param options.speaks false where its replies are to be read. */
export function realtimeParts(
  server: RealtimeServer,
  settings: RealtimeSettings,
  options: { language: string; speaks: boolean },
): RealtimeParts {
  const link = new RealtimeLink(server, settings, options);
  const utterances = options.speaks ? new Utterances() : undefined;
  return { ears: earsOf(link, settings), mind: mindOf(server.name, link, utterances), utterances, link };
}

function earsOf(link: RealtimeLink, { transcription }: RealtimeSettings): Listener {
  return {
    name: transcription,
    recognize: async (audio, signal) => {
      const text = await link.hear(samplesOf(audio), signal);
      const data = {
        language: '' as stt.SpeechData['language'],
        text,
        startTime: 0,
        endTime: 0,
        confidence: 1,
      };
      return { type: stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives: [data] };
    },
  };
}

function mindOf(name: string, link: RealtimeLink, utterances: Utterances | undefined): Replier {
  const made = new WeakMap<Reply, Utterance>();
  return {
    name,
    ask: async ({ chatCtx, toolCtx }, reply, budget) => {
      let id = 0;
      let begun = made.get(reply);
      const put = (content: string) => reply.put({ id: `${id++}`, delta: { role: 'assistant', content } });
      // One for the whole reply, whoever of two attempts makes it.
      const utterance = () => {
        if (begun || !utterances) return begun;
        const one = (begun = utterances.begin());
        made.set(reply, one);
        reply.onOver((aborted) => {
          one.end();
          if (aborted) utterances.forget(one);
        });
        put(one.mark);
        return one;
      };
      const sink = {
        words: (text: string, withSound: boolean) => {
          const belongsTo = utterance();
          if (!withSound) belongsTo?.writes();
          put(withoutMarks(text));
        },
        sound: (bytes: Uint8Array) => {
          // A Buffer's memory is shared with others.
          const samples = new Int16Array(new Uint8Array(bytes.subarray(0, bytes.length & ~1)).buffer);
          if (samples.length > 0)
            utterance()?.play(new AudioFrame(samples, REALTIME_RATE, 1, samples.length));
        },
        call: ({ callId, name: called, args }: { callId: string; name: string; args: string }) =>
          reply.call(callId, called, args),
        used: ({ input, cached, output }: { input: number; cached: number; output: number }) =>
          reply.put({
            id: `${id++}`,
            usage: {
              promptTokens: input,
              promptCachedTokens: cached,
              completionTokens: output,
              totalTokens: input + output,
            },
          }),
        signOfLife: () => budget.signOfLife(),
      };
      await link.reply(
        { chatCtx, toolCtx: llm.toToolContext(toolCtx) },
        sink,
        AbortSignal.any([reply.signal, budget.signal]),
      );
    },
  };
}

/** As the protocol has them: 24 kHz, 16 bit, mono. */
function samplesOf(audio: AudioBuffer): Uint8Array {
  const frame = mergeFrames(audio);
  if (frame.sampleRate === REALTIME_RATE) return bytesOf([frame]);
  const resampler = new AudioResampler(frame.sampleRate, REALTIME_RATE, 1);
  try {
    return bytesOf([...resampler.push(frame), ...resampler.flush()]);
  } finally {
    resampler.close();
  }
}

function bytesOf(frames: readonly AudioFrame[]): Uint8Array {
  return Buffer.concat(frames.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)));
}
