import { initializeLogger, voice } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { expect, it } from 'vitest';
import { FakeClock } from '../../base/fake-clock.ts';
import { Cut } from './cut.ts';

initializeLogger({ pretty: false, level: 'silent' });

const RATE = 24_000;
/** 50 ms of audio. */
const FRAME = new AudioFrame(new Int16Array(1_200), RATE, 1, 1_200);

class Speaker extends voice.AudioOutput {
  constructor() {
    super(RATE, undefined, { pause: true });
  }

  override clearBuffer(): void {
    this.onPlaybackFinished({ playbackPosition: 0, interrupted: true });
  }
}

function speaking() {
  const clock = new FakeClock();
  const gaps: number[] = [];
  const cut = new Cut(new Speaker(), Promise.resolve(), clock, (ms) => gaps.push(ms));
  return { clock, gaps, cut };
}

it('tells for how long there was nothing to play in the middle of an utterance', async () => {
  const { clock, gaps, cut } = speaking();
  await cut.captureFrame(FRAME);
  await cut.captureFrame(FRAME);
  await clock.advance(100 + 80);
  await cut.captureFrame(FRAME);
  await clock.advance(50 + 10);
  await cut.captureFrame(FRAME);
  expect(gaps).toEqual([80]);
});

it('takes no pause between utterances, or one that was meant, for a gap', async () => {
  const { clock, gaps, cut } = speaking();
  await cut.captureFrame(FRAME);
  cut.flush();
  await clock.advance(3_000);
  await cut.captureFrame(FRAME);
  cut.pause();
  await clock.advance(2_000);
  cut.resume();
  await cut.captureFrame(FRAME);
  cut.clearBuffer();
  await clock.advance(2_000);
  await cut.captureFrame(FRAME);
  expect(gaps).toEqual([]);
});
