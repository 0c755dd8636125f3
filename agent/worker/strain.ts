import type { Log } from '../../base/log.ts';

/** How this process and its machine are, over the last second. */
export interface Reading {
  /** Milliseconds by which the event loop was late, in nine of ten looks at most. */
  readonly lag: number;
  /** Bytes that are still to be had, and all there are: of the machine, or of what its container may use. */
  readonly free: number;
  readonly memory: number;
  /** How much of the JavaScript heap that V8 allows is in use, from 0 to 1. */
  readonly heap: number;
}

/** What there is too little of. */
export type Want = 'loop' | 'memory' | 'heap';

/** A limit that has to be passed for some readings, and left well behind before calls are taken again: else each call would switch it. */
interface Limit {
  readonly want: Want;
  readonly passed: (reading: Reading) => boolean;
  readonly leftBehind: (reading: Reading) => boolean;
  /** Readings, one after the other. */
  readonly within: number;
}

/** Milliseconds. What the callers hear is queued 600 ms ahead; a loop that is later than this in one look of ten makes answers slow, and soon holes. */
const MOST_LAG = 200;
/** Bytes that are kept free for the calls that run: they grow, and a process that the system kills takes all of them along. */
const RESERVE = 384 * 2 ** 20;
/** Of small containers, that part of what they have. */
const RESERVED_PART = 0.1;
const MOST_HEAP = 0.85;

const reserveOf = ({ memory }: Reading): number => Math.min(RESERVE, RESERVED_PART * memory);

const LIMITS: readonly Limit[] = [
  {
    want: 'loop',
    passed: ({ lag }) => lag > MOST_LAG,
    leftBehind: ({ lag }) => lag < MOST_LAG / 2,
    // A collection of garbage, or a burst of answers, is over in a second.
    within: 2,
  },
  {
    want: 'memory',
    passed: (reading) => reading.free < reserveOf(reading),
    leftBehind: (reading) => reading.free > 1.25 * reserveOf(reading),
    within: 1,
  },
  {
    want: 'heap',
    passed: ({ heap }) => heap > MOST_HEAP,
    leftBehind: ({ heap }) => heap < MOST_HEAP - 0.1,
    within: 2,
  },
];

/** Readings without trouble after which calls are taken again. */
const CALM = 3;

/** Decides by what is measured whether this process may take another call. */
export class Strain {
  readonly #log: Log;
  /** Readings in a row that passed each limit. */
  readonly #passed = new Map<Want, number>();
  #calm = 0;
  #last: Reading | undefined;
  #over: Want | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** What there is too little of for another call; undefined where all is well. */
  get over(): Want | undefined {
    return this.#over;
  }

  /** How near the loop is to its limit, from 0 to 1: LiveKit is told, so that calls go where there is more time. */
  get pressure(): number {
    if (this.#over) return 1;
    return Math.min(1, (this.#last?.lag ?? 0) / MOST_LAG);
  }

  get lag(): number {
    return this.#last?.lag ?? 0;
  }

  /** Once a second. */
  take(reading: Reading): void {
    this.#last = reading;
    const before = this.#over;
    if (before === undefined) this.#over = LIMITS.filter((limit) => this.#isPassed(limit, reading))[0]?.want;
    else if (this.#isCalm(reading)) this.#over = undefined;
    if (before === this.#over) return;
    this.#passed.clear();
    this.#calm = 0;
    const { lag, free, heap } = reading;
    const measured = { lag: Math.round(lag), freeMiB: Math.round(free / 2 ** 20), heap };
    if (this.#over)
      this.#log.warn({ code: 'E_OVERLOADED', want: this.#over, ...measured }, 'no further calls for now');
    else this.#log.info(measured, 'calls are taken again');
  }

  #isPassed({ want, passed, within }: Limit, reading: Reading): boolean {
    const count = passed(reading) ? (this.#passed.get(want) ?? 0) + 1 : 0;
    this.#passed.set(want, count);
    return count >= within;
  }

  #isCalm(reading: Reading): boolean {
    this.#calm = LIMITS.every(({ leftBehind }) => leftBehind(reading)) ? this.#calm + 1 : 0;
    return this.#calm >= CALM;
  }
}
