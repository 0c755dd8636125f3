import type { Statistic } from './figures.ts';
import type { Scale } from './scale.ts';

/** The measures, by the names that `--only` takes. */
export const MEASURES = ['burst', 'load', 'turns', 'digits', 'refer', 'barge-in', 'aging'] as const;
export type MeasureName = (typeof MEASURES)[number];
/** What a whole run measures; `aging` takes an hour, and is asked for by its name. */
export const USUAL: readonly MeasureName[] = MEASURES.filter((name) => name !== 'aging');

export type Unit = 'ms' | '% of a core' | 'MB' | 'calls' | '%';

/** One figure of the table: which samples, put together how. */
export interface Figure {
  readonly measure: MeasureName;
  /** Of the samples. */
  readonly samples: string;
  readonly says: string;
  readonly unit: Unit;
  readonly statistic: Statistic;
  /** What a sample is divided by to be in that unit: bytes, shares. */
  readonly scale?: number;
  /** Whether a larger figure is the better one. */
  readonly moreIsBetter?: true;
}

/** The figures that a run of that size gives for each subject. */
export function figuresOf(measures: readonly MeasureName[], scale: Scale): Figure[] {
  const share = { unit: '%', statistic: 'mean', scale: 0.01 } as const;
  const ms = { unit: 'ms' } as const;
  const bursts = scale.bursts.flatMap(([n]): Figure[] => {
    const of = { measure: 'burst', ...ms } as const;
    const from = `${n} at once: INVITE →`;
    return [
      { ...of, samples: `burst.${n}.answer`, says: `${from} 200, median`, statistic: 'median' },
      {
        ...of,
        samples: `burst.${n}.greeting`,
        says: `${from} first greeting packet, median`,
        statistic: 'median',
      },
      { ...of, samples: `burst.${n}.last`, says: `${from} the last one's greeting`, statistic: 'median' },
      {
        ...of,
        samples: `burst.${n}.clipped`,
        says: `${n} at once: cut off a greeting, most`,
        statistic: 'most',
      },
      { measure: 'burst', samples: `burst.${n}.unanswered`, says: `${n} at once: never greeted`, ...share },
    ];
  });
  const loads = scale.loads
    .filter((n) => n <= scale.loadsAtLeast)
    .flatMap((n): Figure[] => [
      {
        measure: 'load',
        samples: `load.${n}.processor`,
        says: `${n} talking: processor a call`,
        unit: '% of a core',
        statistic: 'median',
      },
      {
        measure: 'load',
        samples: `load.${n}.memory`,
        says: `${n} talking: memory a call`,
        unit: 'MB',
        statistic: 'median',
        scale: 1e6,
      },
      {
        measure: 'load',
        samples: `load.${n}.overhead`,
        says: `${n} talking: answered after, beside the models`,
        ...ms,
        statistic: 'median',
      },
    ]);
  const all: Figure[] = [
    ...bursts,
    {
      measure: 'load',
      samples: 'load.idle.memory',
      says: 'memory without a call',
      unit: 'MB',
      statistic: 'median',
      scale: 1e6,
    },
    {
      measure: 'load',
      samples: 'load.idle.processor',
      says: 'processor without a call',
      unit: '% of a core',
      statistic: 'median',
    },
    ...loads,
    {
      measure: 'load',
      samples: 'load.calls',
      says: 'calls before the first hole over 60 ms',
      unit: 'calls',
      statistic: 'median',
      moreIsBetter: true,
    },
    {
      measure: 'turns',
      samples: 'turns.overhead',
      says: 'turn answered, beside the models, median',
      ...ms,
      statistic: 'median',
    },
    {
      measure: 'turns',
      samples: 'turns.overhead',
      says: 'turn answered, beside the models, p95',
      ...ms,
      statistic: 'p95',
    },
    { measure: 'turns', samples: 'turns.cut', says: 'turns cut off', ...share },
    { measure: 'turns', samples: 'turns.unanswered', says: 'turns not answered', ...share },
    {
      measure: 'turns',
      samples: 'turns.asked',
      says: 'requests to the model a turn',
      unit: 'calls',
      statistic: 'mean',
    },
    {
      measure: 'digits',
      samples: 'digits.result',
      says: 'last digit → tool result, p95',
      ...ms,
      statistic: 'p95',
    },
    { measure: 'digits', samples: 'digits.lost', says: 'numbers without a result', ...share },
    {
      measure: 'refer',
      samples: 'refer.sent',
      says: 'last audio packet → REFER, p95',
      ...ms,
      statistic: 'p95',
    },
    { measure: 'refer', samples: 'refer.lost', says: 'transfers without a REFER', ...share },
    {
      measure: 'barge-in',
      samples: 'barge.silence',
      says: 'barge-in → silence, p95',
      ...ms,
      statistic: 'p95',
    },
    { measure: 'barge-in', samples: 'barge.missed', says: 'barge-ins without effect', ...share },
    { measure: 'barge-in', samples: 'barge.false', says: 'stopped for a noise', ...share },
    {
      measure: 'aging',
      samples: 'aging.before.processor',
      says: 'processor a call, new worker',
      unit: '% of a core',
      statistic: 'median',
    },
    {
      measure: 'aging',
      samples: 'aging.after.processor',
      says: `processor a call after ${scale.agingCalls} calls`,
      unit: '% of a core',
      statistic: 'median',
    },
    {
      measure: 'aging',
      samples: 'aging.memory',
      says: `memory kept of ${scale.agingCalls} calls`,
      unit: 'MB',
      statistic: 'median',
      scale: 1e6,
    },
  ];
  return all.filter(({ measure }) => measures.includes(measure));
}
