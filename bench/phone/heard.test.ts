import { describe, expect, it } from 'vitest';
import { mulaw } from '../../rehearsal/mulaw.ts';
import { tone } from '../../tests/doubles/tone.ts';
import { hertzOfStep, STEP_MS, STEPS } from '../sounds.ts';
import { greetingIn, holesIn, isLoud, loudTime, type Packet } from './heard.ts';

const FRAME = 160;
const FRAME_MS = 20;

/** Samples at 16 kHz as packets of 20 ms that arrive when they should. */
function packetsOf(pcm: Buffer): Packet[] {
  const coded = mulaw(pcm);
  return Array.from({ length: coded.length / FRAME }, (_, n) => ({
    at: 1_000_000 + n * FRAME_MS,
    timestamp: 4_294_960_000 + n * FRAME,
    payload: coded.subarray(n * FRAME, (n + 1) * FRAME),
  })).map((packet) => ({ ...packet, timestamp: packet.timestamp % 2 ** 32 }));
}

const silence = (ms: number) => Buffer.alloc(ms * 16 * 2);
const steps = Array.from({ length: STEPS }, (_, step) => tone(hertzOfStep(step), STEP_MS, 16_000));

describe('the greeting', () => {
  it('is found where it begins', () => {
    const packets = packetsOf(Buffer.concat([silence(100), ...steps]));
    expect(greetingIn(packets)).toEqual({ at: 1_000_100, clipped: 0 });
  });

  it('is known to be cut by the pitch that is heard first', () => {
    const packets = packetsOf(Buffer.concat([silence(100), ...steps.slice(5)]));
    expect(greetingIn(packets)?.clipped).toBe(5 * STEP_MS);
  });

  it('is not found in silence', () => expect(greetingIn(packetsOf(silence(500)))).toBeUndefined());
});

describe('holes in a tone', () => {
  const whole = packetsOf(tone(500, 1_000, 16_000));

  it('are none in a whole one, also where the clock of the sender wraps', () => {
    expect(holesIn(whole)).toEqual([]);
    expect(loudTime(whole)).toBe(1_000);
  });

  it('are what is silent in it', () => {
    const tones = packetsOf(
      Buffer.concat([silence(60), tone(500, 300, 16_000), silence(80), tone(500, 300, 16_000)]),
    );
    const holes = holesIn(tones);
    expect(holes).toHaveLength(1);
    expect(holes[0]?.ms).toBeCloseTo(80, -1);
    expect(holes[0]?.at).toBeCloseTo(1_000_360, -1);
  });

  it('are packets that never came', () => {
    const holes = holesIn(whole.filter((_, n) => n < 10 || n >= 15));
    expect(holes.map(({ ms }) => Math.round(ms))).toEqual([100]);
  });

  it('are packets that came late, all of them', () => {
    const late = whole.map((packet, n) => (n < 20 ? packet : { ...packet, at: packet.at + 90 }));
    expect(holesIn(late).map(({ ms }) => Math.round(ms))).toEqual([90]);
  });
});

it('a whisper of the codec is no sound', () => {
  expect(isLoud(Buffer.alloc(FRAME, 0xff))).toBe(false);
  expect(isLoud(mulaw(tone(500, 20, 16_000, 500)))).toBe(false);
  expect(isLoud(mulaw(tone(500, 20, 16_000, 2_000)))).toBe(true);
});
