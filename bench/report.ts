import { type Figure, figuresOf, type MeasureName } from './catalogue.ts';
import { statistic } from './figures.ts';
import type { ScaleName } from './scale.ts';
import { SCALES } from './scale.ts';
import { SUBJECTS, type Subject } from './subjects.ts';
import { type SamplesBySubject, type Verdict, verdicts } from './targets.ts';

/** All that a run found out, as it is written to a file. */
export interface Result {
  /** RFC 3339. */
  readonly at: string;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly node: string;
    /** Average number of processes that wanted to run in the minute before. */
    readonly load: number;
  };
  readonly scale: ScaleName;
  readonly measures: readonly MeasureName[];
  readonly rounds: number;
  /** Milliseconds that the model server takes. */
  readonly delays: Readonly<Record<'stt' | 'llm' | 'tts', number>>;
  readonly figures: readonly (Pick<Figure, 'samples' | 'says' | 'unit' | 'statistic'> & {
    readonly of: Readonly<Partial<Record<Subject, number | null>>>;
  })[];
  readonly targets: readonly Verdict[];
  readonly samples: SamplesBySubject;
}

/** The figures and targets of a run's samples. */
export function resultOf(run: Omit<Result, 'figures' | 'targets'>): Result {
  const figures = figuresOf(run.measures, SCALES[run.scale]).map((figure) => ({
    samples: figure.samples,
    says: figure.says,
    unit: figure.unit,
    statistic: figure.statistic,
    of: Object.fromEntries(
      SUBJECTS.filter((subject) => run.samples[subject]).map((subject) => {
        const value = statistic(run.samples[subject]?.[figure.samples] ?? [], figure.statistic);
        return [subject, Number.isNaN(value) ? null : value / (figure.scale ?? 1)];
      }),
    ),
  }));
  return { ...run, figures, targets: verdicts(run.samples) };
}

const RATIO_TO = ['stock', 'stock-best'] as const;

/** The table: a line for each figure, with Attendant's share of the others' figures. */
export function table(result: Result): string {
  const measured = SUBJECTS.filter((subject) => result.samples[subject]);
  const ratios = RATIO_TO.filter((other) => measured.includes(other) && measured.includes('attendant'));
  const rows = [
    ['', '', ...measured, ...ratios.map((other) => `÷ ${other}`)],
    ...result.figures.map(({ says, unit, of }) => [
      says,
      unit,
      ...measured.map((subject) => shown(of[subject])),
      ...ratios.map((other) => {
        const [ours, theirs] = [of.attendant, of[other]];
        return typeof ours === 'number' && typeof theirs === 'number' && theirs !== 0
          ? (ours / theirs).toFixed(2)
          : '';
      }),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row.map((cell, n) => (n < 2 ? cell.padEnd(widths[n] ?? 0) : cell.padStart(widths[n] ?? 0))).join('  '),
  );
  const targets = result.targets.map(
    ({ says, value, met }) => `${met ? 'met    ' : 'not met'}  ${says}: ${shown(value)}`,
  );
  return [...lines, '', ...targets, ''].join('\n');
}

function shown(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
