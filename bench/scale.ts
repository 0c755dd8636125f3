/** How much is measured. */
export interface Scale {
  /** All measures at once: that they run is all that is to be known. */
  readonly together: boolean;
  /** Processes that LiveKit's worker keeps waiting, at its best: as many as come at once. */
  readonly idleProcesses: number;
  /** Callers of each burst, and how often each burst comes. */
  readonly bursts: readonly (readonly [callers: number, times: number])[];
  /** Milliseconds until a caller of a burst who has heard nothing counts as not answered. */
  readonly patience: number;
  /** How many callers talk at once, one step after the other. */
  readonly loads: readonly number[];
  /** Where steps go on although there was a hole in the tone: processor and memory of so many callers are to be known. */
  readonly loadsAtLeast: number;
  /** Milliseconds in which callers talk while they are measured, and before that. */
  readonly window: number;
  readonly warmUp: number;
  /** How many of the labelled turns are said, by how many callers at once. Callers of other measures say some of them too. */
  readonly turns: number;
  readonly turnCallers: number;
  readonly numbers: number;
  readonly refers: number;
  readonly bargeIns: number;
  /** Calls that a worker has before it is measured again (measure `aging`). */
  readonly agingCalls: number;
}

const FULL: Scale = {
  together: false,
  idleProcesses: 10,
  bursts: [
    [1, 10],
    [5, 3],
    [10, 3],
    [20, 2],
  ],
  patience: 45_000,
  loads: [1, 2, 3, 5, 7, 10, 13, 16, 20, 25, 30, 35, 40],
  loadsAtLeast: 10,
  window: 25_000,
  warmUp: 8_000,
  turns: 208,
  turnCallers: 4,
  numbers: 40,
  refers: 10,
  bargeIns: 30,
  agingCalls: 1_000,
};

/** In a quarter of an hour. */
const SHORT: Scale = {
  ...FULL,
  bursts: [
    [1, 4],
    [10, 2],
  ],
  patience: 30_000,
  loads: [5, 10],
  window: 10_000,
  warmUp: 4_000,
  turns: 16,
  numbers: 3,
  refers: 2,
  bargeIns: 3,
  agingCalls: 100,
};

/** In under five minutes. */
const QUICK: Scale = {
  ...FULL,
  bursts: [
    [1, 1],
    [10, 1],
  ],
  patience: 20_000,
  loads: [3],
  loadsAtLeast: 3,
  window: 8_000,
  warmUp: 2_000,
  turns: 8,
  turnCallers: 4,
  numbers: 1,
  refers: 1,
  bargeIns: 1,
  agingCalls: 20,
};

/** One of each, which shows only that it runs. */
const SMALLEST: Scale = {
  ...QUICK,
  together: true,
  idleProcesses: 2,
  bursts: [[1, 1]],
  loads: [1],
  loadsAtLeast: 1,
  window: 4_000,
  warmUp: 0,
  turns: 2,
  turnCallers: 2,
  numbers: 1,
  bargeIns: 1,
  agingCalls: 2,
};

export const SCALES = { full: FULL, short: SHORT, quick: QUICK, smallest: SMALLEST } as const;
export type ScaleName = keyof typeof SCALES;
