import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initializeLogger, type VADEvent, VADEventType, type VADStream } from '@livekit/agents';
import * as silero from '@livekit/agents-plugin-silero';
import { AudioFrame } from '@livekit/rtc-node';
import { ReadableStream } from 'node:stream/web';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { speak } from '../../../rehearsal/voice.ts';
import { Detector } from './detector.ts';
import { Silero, WINDOW } from './silero.ts';

const RATE = 16_000;
const FRAME = 800;
const RULES = { threshold: 0.5, speech: 50, silence: 400 };
const SECOND = new Int16Array(RATE);
/** Milliseconds that two may differ by: a window. */
const CLOSE = 33;

let network: Silero;
let said: Int16Array;

beforeAll(async () => {
  initializeLogger({ pretty: false, level: 'error' });
  network = await Silero.load();
  const folder = await mkdtemp(join(tmpdir(), 'attendant-detector-'));
  const { samples } = await speak(
    'I would like to know where my order is.',
    folder,
    new AbortController().signal,
  );
  said = new Int16Array(samples.buffer.slice(samples.byteOffset, samples.byteOffset + samples.length));
  await rm(folder, { recursive: true });
});

/** The sound, a frame at a time as on a call. */
function played(sound: Int16Array): ReadableStream<AudioFrame> {
  let at = 0;
  return new ReadableStream({
    pull: async (frames) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      const frame = sound.slice(at, (at += FRAME));
      if (frame.length > 0) frames.enqueue(new AudioFrame(frame, RATE, 1, frame.length));
    },
  });
}

/** The beginnings and ends of what it hears in the sound, with their milliseconds and samples. */
async function utterancesOf(stream: VADStream, sound: Int16Array, events = 4) {
  const found: { type: VADEventType; at: number; samples: number }[] = [];
  const listening = (async () => {
    for await (const event of stream as AsyncIterable<VADEvent>) {
      if (event.type === VADEventType.INFERENCE_DONE) continue;
      found.push({ type: event.type, at: event.timestamp, samples: event.frames[0]?.data.length ?? 0 });
    }
  })();
  stream.updateInputStream(played(sound));
  const until = Date.now() + 10_000;
  while (found.length < events && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
  stream.close();
  await listening;
  return found;
}

const joined = (...parts: Int16Array[]) => Int16Array.from(parts.flatMap((part) => [...part]));

it("finds the utterances that Silero's own plugin finds, at the same time and as long", async () => {
  const sound = joined(SECOND, said, SECOND, SECOND, said, SECOND);
  const plugin = await silero.VAD.load({
    minSpeechDuration: RULES.speech,
    minSilenceDuration: RULES.silence,
    activationThreshold: RULES.threshold,
    prefixPaddingDuration: 500,
  });
  const theirs = await utterancesOf(plugin.stream(), sound);
  const ours = await utterancesOf(new Detector(network, RULES).stream(), sound);

  expect(theirs).toHaveLength(4);
  expect(ours.map(({ type }) => type)).toEqual(theirs.map(({ type }) => type));
  for (const [n, { at, samples }] of ours.entries()) {
    expect(Math.abs(at - (theirs[n]?.at ?? NaN))).toBeLessThanOrEqual(CLOSE);
    expect(Math.abs(samples - (theirs[n]?.samples ?? NaN))).toBeLessThanOrEqual(2 * WINDOW);
  }
});

it('tells several voices apart that are looked at in one go', async () => {
  const detector = () => new Detector(network, RULES).stream();
  const sound = joined(SECOND, said, SECOND, SECOND, said, SECOND);
  const alone = await utterancesOf(detector(), sound);
  const quiet = new Int16Array(sound.length).map((_, n) => (n % 7) * 40);
  const together = await Promise.all([
    utterancesOf(detector(), sound),
    utterancesOf(detector(), quiet, 0),
    utterancesOf(detector(), joined(SECOND, sound)),
  ]);
  expect(together[0]).toEqual(alone);
  expect(together[1]).toEqual([]);
  expect(together[2].map(({ at }) => Math.round((at - 1_000) / 100))).toEqual(
    alone.map(({ at }) => Math.round(at / 100)),
  );
}, 60_000);

it('asks nothing about a silent line, and hears who speaks into it', async () => {
  let asked = 0;
  const counting = {
    probability: (...question: Parameters<Silero['probability']>) => {
      asked++;
      return network.probability(...question);
    },
  } as unknown as Silero;
  const minute = new Int16Array(20 * RATE);
  const found = await utterancesOf(
    new Detector(counting, RULES).stream(),
    joined(minute, said, SECOND, SECOND, said, SECOND),
  );
  expect(found.map(({ type }) => type)).toEqual([
    VADEventType.START_OF_SPEECH,
    VADEventType.END_OF_SPEECH,
    VADEventType.START_OF_SPEECH,
    VADEventType.END_OF_SPEECH,
  ]);
  expect(asked).toBeLessThan((2 * said.length + 4 * RATE) / WINDOW);
}, 60_000);

it('tells whoever wants to know where utterances begin and end, and what was said', async () => {
  const detector = new Detector(network, RULES);
  const told: VADEventType[] = [];
  onTestFinished(detector.onUtterance(({ type }) => told.push(type)));
  await utterancesOf(detector.stream(), joined(SECOND, said, SECOND, SECOND, said, SECOND));
  expect(told).toHaveLength(4);
}, 60_000);

it('forgets an utterance that it is told to', async () => {
  const stream = new Detector(network, RULES).stream();
  const events: VADEventType[] = [];
  const listening = (async () => {
    for await (const { type } of stream as AsyncIterable<VADEvent>) {
      // In the middle of the first utterance; the second is heard.
      if (type === VADEventType.START_OF_SPEECH && events.length === 0) stream.flush();
      if (type !== VADEventType.INFERENCE_DONE) events.push(type);
      if (type === VADEventType.END_OF_SPEECH) return;
    }
  })();
  stream.updateInputStream(played(joined(said.slice(0, RATE / 2), SECOND, SECOND, said, SECOND)));
  await listening;
  stream.close();
  const { START_OF_SPEECH, END_OF_SPEECH } = VADEventType;
  expect(events).toEqual([START_OF_SPEECH, START_OF_SPEECH, END_OF_SPEECH]);
});
