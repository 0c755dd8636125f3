import type { Samples } from '../figures.ts';
import type { Scale } from '../scale.ts';
import type { Stage } from '../stage.ts';
import type { Worker } from '../subjects.ts';
import type { SpokenTurn } from '../turns/make.ts';

/** What a measure measures with. */
export interface Bench {
  readonly stage: Stage;
  readonly worker: Worker;
  readonly scale: Scale;
  readonly turns: readonly SpokenTurn[];
  readonly samples: Samples;
  /** Says what goes on. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Measures one worker, puts samples under the names of `catalogue.ts`, and leaves no call behind. */
export type Measure = (bench: Bench) => Promise<void>;
