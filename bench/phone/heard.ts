import { linear } from '../../rehearsal/mulaw.ts';
import { amplitudeOf } from '../../tests/doubles/tone.ts';
import { hertzOfStep, STEP_MS, STEPS } from '../sounds.ts';

/** A packet of G.711 u-law as it came in. */
export interface Packet {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Of the sender's clock, 8 a millisecond. */
  readonly timestamp: number;
  readonly payload: Buffer;
}

const RATE = 8_000;
const A_MS = RATE / 1_000;
/** The part of a packet that is looked at by itself: two periods of the lowest tone. Samples. */
const BLOCK = 40;
/** Amplitude of 32,767 above which somebody is heard, as u-law's seven bits count down from silence. */
const LOUD = 0x4e;
/** A sender's clock that jumps further than this has been set anew. Milliseconds. */
const CLOCK_JUMP = 60_000;

/** Whether anything can be heard in G.711 u-law: above 1,000 of 32,767, which no codec makes of silence. */
export function isLoud(coded: Buffer): boolean {
  for (const byte of coded) if ((byte & 0x7f) < LOUD) return true;
  return false;
}

/** When the first part of the greeting was heard, and how much of it was never heard before that. Milliseconds. */
export function greetingIn(packets: readonly Packet[]): { at: number; clipped: number } | undefined {
  const first = packets.findIndex(({ payload }) => isLoud(payload));
  const packet = packets[first];
  if (!packet) return undefined;
  // Two packets: the first may hold the end of a step, or hardly anything.
  const pcm = linear(Buffer.concat(packets.slice(first, first + 2).map(({ payload }) => payload)));
  const amplitudes = Array.from({ length: STEPS }, (_, step) => amplitudeOf(hertzOfStep(step), pcm, RATE));
  const step = amplitudes.indexOf(Math.max(...amplitudes));
  return { at: packet.at, clipped: step * STEP_MS };
}

/** A stretch of time that was silent in the middle of a tone. */
export interface Hole {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly ms: number;
}

/**
 * The silent stretches in a tone, longest last: what is missing in the audio itself, by the sender's clock, or what came so much later than the packet
 * before it. Silence before the tone and behind it is none.
 */
export function holesIn(packets: readonly Packet[]): Hole[] {
  const holes: Hole[] = [];
  let last: { played: number; arrived: number } | undefined;
  let wraps = 0;
  let before: Packet | undefined;
  for (const packet of packets) {
    const step = before ? (packet.timestamp - before.timestamp) | 0 : 0;
    // A clock that was set anew tells nothing.
    wraps += Math.abs(step) / A_MS > CLOCK_JUMP ? 0 : step;
    before = packet;
    for (let at = 0; at < packet.payload.length; at += BLOCK) {
      const block = packet.payload.subarray(at, at + BLOCK);
      if (!isLoud(block)) continue;
      const played = (wraps + at) / A_MS;
      const arrived = packet.at + at / A_MS;
      const length = BLOCK / A_MS;
      if (last) {
        const ms = Math.max(played - last.played, arrived - last.arrived) - length;
        if (ms > length) holes.push({ at: last.arrived + length, ms });
      }
      last = { played, arrived };
    }
  }
  return holes.sort((a, b) => a.ms - b.ms);
}

/** Milliseconds of a tone that were heard, in parts of 5. */
export function loudTime(packets: readonly Packet[]): number {
  let blocks = 0;
  for (const { payload } of packets)
    for (let at = 0; at < payload.length; at += BLOCK) if (isLoud(payload.subarray(at, at + BLOCK))) blocks++;
  return (blocks * BLOCK) / A_MS;
}
