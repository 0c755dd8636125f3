import { cpus, loadavg } from 'node:os';
import { systemClock } from '../base/clock.ts';
import { asAttendantError } from '../base/errors.ts';
import { DELAYS } from './delays.ts';
import type { MeasureName } from './catalogue.ts';
import { Samples } from './figures.ts';
import { aging } from './measures/aging.ts';
import { bargeIn } from './measures/barge-in.ts';
import { burst } from './measures/burst.ts';
import { digits } from './measures/digits.ts';
import { load } from './measures/load.ts';
import type { Measure } from './measures/measure.ts';
import { refer } from './measures/refer.ts';
import { turns } from './measures/turns.ts';
import { type Result, resultOf } from './report.ts';
import { SCALES, type ScaleName } from './scale.ts';
import { Stage } from './stage.ts';
import { settled, startWorker, type Subject } from './subjects.ts';
import { labelledTurns } from './turns/make.ts';

const RUN: Readonly<Record<MeasureName, Measure>> = {
  burst,
  load,
  turns,
  digits,
  refer,
  'barge-in': bargeIn,
  aging,
};

/** Callers of other measures than `turns` say some of them too. */
const LEAST_TURNS = 12;

export interface Plan {
  readonly scale: ScaleName;
  readonly measures: readonly MeasureName[];
  readonly subjects: readonly Subject[];
  /** How often all subjects are measured, one after the other: what the machine does meanwhile is spread over all of them. */
  readonly rounds: number;
}

/** Measures the subjects side by side: each in turn, on the same servers, round by round. */
export async function runBench(
  plan: Plan,
  write: (line: string) => void,
  signal: AbortSignal,
): Promise<Result> {
  const began = systemClock.now();
  const at = new Date(began).toISOString();
  const machine = {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    node: process.version,
    load: loadavg()[0] ?? NaN,
  };
  const say = (line: string) => write(`${clock(systemClock.now() - began)}  ${line}`);
  const scale = SCALES[plan.scale];
  const samples = new Map(plan.subjects.map((subject) => [subject, new Samples()]));
  const stage = await Stage.open({ line: say, now: () => undefined }, signal);
  try {
    const turns = await labelledTurns(
      stage.stack.config.cacheFolder,
      signal,
      Math.max(scale.turns, LEAST_TURNS),
    );
    for (let round = 1; round <= plan.rounds; round++) {
      for (const [subject, found] of samples) {
        const worker = await startWorker(subject, stage, scale);
        try {
          const measure = async (name: MeasureName) => {
            say(`round ${round} of ${plan.rounds}, ${subject}: ${name}`);
            const told = (line: string) => say(`  ${line}`);
            try {
              await RUN[name]({ stage, worker, scale, turns, samples: found, say: told, signal });
            } catch (thrown) {
              signal.throwIfAborted();
              // A worker that takes no calls any more has no figures here; others still have theirs.
              told(`${name} broke off: ${asAttendantError(thrown).message}`);
            }
          };
          if (scale.together) await Promise.all(plan.measures.map(measure));
          else
            for (const name of plan.measures) {
              await measure(name);
              await settled(worker, signal);
            }
        } finally {
          await worker.stop();
        }
      }
    }
  } finally {
    await stage.close();
  }
  const found = Object.fromEntries([...samples].map(([subject, of]) => [subject, of.all]));
  const { measures, rounds } = plan;
  return resultOf({ at, machine, scale: plan.scale, measures, rounds, delays: DELAYS, samples: found });
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return `${String(Math.floor(seconds / 60)).padStart(3)}:${String(seconds % 60).padStart(2, '0')}`;
}
