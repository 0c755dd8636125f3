/** Samples a second. A whole number of frames of 100 ms is in every loop. */
export const HOLD_RATE = 16_000;

/** Broken chords, in hertz, a second each: C, a minor, F, G, twice over. */
const CHORDS = [
  [261.63, 329.63, 392.0, 523.25],
  [220.0, 261.63, 329.63, 440.0],
  [174.61, 261.63, 349.23, 440.0],
  [196.0, 246.94, 392.0, 493.88],
];
const CHORD_SECONDS = 2;
const NOTE_SECONDS = 0.25;
/** Of full scale: well below a voice. */
const MUSIC_LEVEL = 2_200;
const RINGBACK_LEVEL = 3_000;

let music: Int16Array | undefined;
let ring: Int16Array | undefined;

/** Quiet broken chords, 8 s to be played again and again. Made here: nobody else's rights are in them. */
export function holdMusic(): Int16Array {
  music ??= composed();
  return music;
}

/** The ringing tone of North America (ITU-T E.180): 440 and 480 Hz, two seconds on and four off. */
export function ringback(): Int16Array {
  ring ??= Int16Array.from({ length: 6 * HOLD_RATE }, (_, i) => {
    const t = i / HOLD_RATE;
    if (t >= 2) return 0;
    const edge = Math.min(1, t / 0.01, (2 - t) / 0.01);
    return Math.round(
      RINGBACK_LEVEL * edge * (Math.sin(2 * Math.PI * 440 * t) + Math.sin(2 * Math.PI * 480 * t)) * 0.5,
    );
  });
  return ring;
}

function composed(): Int16Array {
  const length = CHORDS.length * CHORD_SECONDS * HOLD_RATE;
  const sum = new Float64Array(length);
  const notes = CHORD_SECONDS / NOTE_SECONDS;
  CHORDS.forEach((chord, c) => {
    for (let n = 0; n < notes; n++) {
      const begin = Math.round((c * CHORD_SECONDS + n * NOTE_SECONDS) * HOLD_RATE);
      pluck(sum, begin, chord[n % chord.length] ?? 0);
    }
  });
  return Int16Array.from(sum, (value) => Math.round(MUSIC_LEVEL * Math.tanh(value)));
}

/** A note that rises in 20 ms and dies away; what is left of it at the end of the loop sounds on at its beginning. */
function pluck(sum: Float64Array, begin: number, hertz: number): void {
  const length = HOLD_RATE;
  for (let i = 0; i < length; i++) {
    const t = i / HOLD_RATE;
    const at = (begin + i) % sum.length;
    const level = Math.min(1, t / 0.02) * Math.exp(-4 * t) * Math.min(1, (1 - t) / 0.05);
    sum[at] = (sum[at] ?? 0) + 0.5 * level * Math.sin(2 * Math.PI * hertz * t);
  }
}
