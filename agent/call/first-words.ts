/** Samples a second of what is listened to. */
export const RATE = 16_000;
/** Milliseconds of a frame. */
export const FRAME = 40;

/** Of full scale 32,767: softer is no voice, and nothing of a tone either. */
const SOFTEST = 400;
/** Where machines' tones are, in hertz. */
const LOWEST = 350;
const HIGHEST = 2_800;
/** Share of a frame's energy that its strongest frequency has in a tone, and in no voice for long. */
const PURE = 0.85;
/** How far a tone's frequency may wander from frame to frame. */
const STEADY = 0.03;
/** Milliseconds of it. */
const SHORTEST_TONE = 160;
/** A click is no word. Milliseconds. */
const SHORTEST_WORD = 80;

export interface Patience {
  /** Milliseconds, as in `outbound.machine`. */
  readonly longestGreeting: number;
  readonly pause: number;
  readonly silence: number;
}

/** What is heard so far. */
export type Heard =
  | 'nothing yet'
  /** Words that were over soon. */
  | 'human'
  /** Words that went on and on, or a tone. */
  | 'machine'
  /** Not a word. */
  | 'unknown';

/**
 * Who picked up, told by the first words, as Asterisk's AMD does: people say a word or two and wait for an answer, machines have a long greeting, or
 * a tone. Frame by frame, without any model.
 */
export class FirstWords {
  readonly #patience: Patience;
  #begun: number | undefined;
  #lastVoice = 0;
  #voiced = 0;
  #now = 0;
  #tone: { hertz: number; since: number } | undefined;
  /** A tone was heard, and is over. */
  toneHeard = false;

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  /** Milliseconds since somebody was last heard. */
  get quietFor(): number {
    return this.#now - this.#lastVoice;
  }

  /** @param samples 16 bit, 16 kHz, 40 ms. */
  hear(samples: Int16Array): Heard {
    const from = this.#now;
    this.#now += FRAME;
    const hertz = toneOf(samples);
    if (this.#hearTone(hertz, from)) return 'machine';
    if (loudnessOf(samples) >= SOFTEST) {
      this.#begun ??= from;
      this.#lastVoice = this.#now;
      this.#voiced += FRAME;
    }
    const { longestGreeting, pause, silence } = this.#patience;
    if (this.#begun !== undefined && this.quietFor >= pause) {
      if (this.#voiced >= SHORTEST_WORD) return 'human';
      this.#begun = undefined;
      this.#voiced = 0;
    }
    if (this.#begun === undefined) return this.#now >= silence ? 'unknown' : 'nothing yet';
    return this.#lastVoice - this.#begun > longestGreeting ? 'machine' : 'nothing yet';
  }

  /** Whether there is a tone, long enough to be one. */
  #hearTone(hertz: number | undefined, from: number): boolean {
    const before = this.#tone;
    if (hertz === undefined) {
      if (before && from - before.since >= SHORTEST_TONE) this.toneHeard = true;
      this.#tone = undefined;
      return this.toneHeard;
    }
    const goes = before && Math.abs(hertz - before.hertz) <= STEADY * before.hertz;
    this.#tone = goes ? before : { hertz, since: from };
    return this.toneHeard || this.#now - this.#tone.since >= SHORTEST_TONE;
  }
}

function loudnessOf(samples: Int16Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length));
}

/** The frequency of a frame that is a tone; undefined for any other. */
function toneOf(samples: Int16Array): number | undefined {
  if (loudnessOf(samples) < SOFTEST) return undefined;
  // A sinusoid fulfils x[n-1] + x[n+1] = 2 cos(w) x[n]; the w that fits best is that of the tone, if it is one.
  let product = 0;
  let energy = 0;
  for (let i = 1; i < samples.length - 1; i++) {
    const here = samples[i] ?? 0;
    product += here * ((samples[i - 1] ?? 0) + (samples[i + 1] ?? 0));
    energy += here * here;
  }
  const omega = Math.acos(Math.max(-1, Math.min(1, product / (2 * energy))));
  const hertz = (omega * RATE) / (2 * Math.PI);
  if (hertz < LOWEST || hertz > HIGHEST) return undefined;
  let [real, imaginary, all] = [0, 0, 0];
  samples.forEach((sample, i) => {
    real += sample * Math.cos(omega * i);
    imaginary += sample * Math.sin(omega * i);
    all += sample * sample;
  });
  const share = (2 * (real * real + imaginary * imaginary)) / (samples.length * all);
  return share >= PURE ? hertz : undefined;
}
