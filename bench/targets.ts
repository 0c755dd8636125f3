import { statistic, type Statistic } from './figures.ts';
import type { Subject } from './subjects.ts';

/** The samples of each subject, by their names. */
export type SamplesBySubject = Readonly<
  Partial<Record<Subject, Readonly<Record<string, readonly number[]>>>>
>;

/** What Attendant has to reach, as a share of somebody else's figure or by itself. */
interface Target {
  readonly says: string;
  readonly samples: string;
  readonly statistic: Statistic;
  /** Compared to what this subject shows; to nobody where undefined. */
  readonly versus?: Exclude<Subject, 'attendant'>;
  /** Compared to other samples of Attendant's own. */
  readonly against?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

const TARGETS: readonly Target[] = [
  {
    says: 'ten at once, the last greeting: ≤ 1/15 of stock',
    samples: 'burst.10.last',
    statistic: 'median',
    versus: 'stock',
    atMost: 1 / 15,
  },
  {
    says: 'ten at once, the last greeting: ≤ 1/2 of stock at its best',
    samples: 'burst.10.last',
    statistic: 'median',
    versus: 'stock-best',
    atMost: 1 / 2,
  },
  {
    says: 'one call, first greeting packet: ≤ 700 ms',
    samples: 'burst.1.greeting',
    statistic: 'median',
    atMost: 700,
  },
  {
    says: 'one call: what is cut off a greeting: ≤ 40 ms',
    samples: 'burst.1.clipped',
    statistic: 'most',
    atMost: 40,
  },
  {
    says: 'memory a call, ten talking: ≤ 1/10 of stock at its best',
    samples: 'load.10.memory',
    statistic: 'median',
    versus: 'stock-best',
    atMost: 1 / 10,
  },
  {
    says: 'processor a call, ten talking: ≤ 0.4 of stock at its best',
    samples: 'load.10.processor',
    statistic: 'median',
    versus: 'stock-best',
    atMost: 0.4,
  },
  {
    says: 'calls without a hole: ≥ 3 times stock at its best',
    samples: 'load.calls',
    statistic: 'median',
    versus: 'stock-best',
    atLeast: 3,
  },
  {
    says: 'turn answered, beside the models: ≤ 0.6 of stock at its best',
    samples: 'turns.overhead',
    statistic: 'median',
    versus: 'stock-best',
    atMost: 0.6,
  },
  {
    says: 'turns cut off: no more than stock at its best',
    samples: 'turns.cut',
    statistic: 'mean',
    versus: 'stock-best',
    atMost: 1,
  },
  { says: 'last digit → tool result: < 50 ms, p95', samples: 'digits.result', statistic: 'p95', atMost: 50 },
  { says: 'barge-in → silence: < 350 ms, p95', samples: 'barge.silence', statistic: 'p95', atMost: 350 },
  {
    says: 'processor a call: twenty talking cost no more each than five',
    samples: 'load.20.processor',
    statistic: 'median',
    against: 'load.5.processor',
    atMost: 1.1,
  },
  {
    says: 'processor a call after many calls: as before',
    samples: 'aging.after.processor',
    statistic: 'median',
    against: 'aging.before.processor',
    atMost: 1.1,
  },
];

export interface Verdict {
  readonly says: string;
  /** The figure, or its ratio to the other. */
  readonly value: number;
  readonly met: boolean;
}

/** How each target fares that the samples say something of. */
export function verdicts(samples: SamplesBySubject): Verdict[] {
  return TARGETS.flatMap((target) => {
    const ours = valueOf(samples, 'attendant', target.samples, target.statistic);
    const other = target.versus
      ? valueOf(samples, target.versus, target.samples, target.statistic)
      : target.against === undefined
        ? 1
        : valueOf(samples, 'attendant', target.against, target.statistic);
    if (Number.isNaN(ours) || Number.isNaN(other)) return [];
    // None at all is no more than none.
    const value = ours === other && other === 0 ? 1 : ours / other;
    const met = value <= (target.atMost ?? Infinity) && value >= (target.atLeast ?? -Infinity);
    return [{ says: target.says, value, met }];
  });
}

function valueOf(samples: SamplesBySubject, subject: Subject, name: string, which: Statistic): number {
  return statistic(samples[subject]?.[name] ?? [], which);
}
