/** Which of many samples stands for all. */
export type Statistic = 'median' | 'p95' | 'most' | 'mean' | 'sum';

/** The samples of a figure, as one number; NaN where there are none. */
export function statistic(samples: readonly number[], which: Statistic): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const share = (part: number) =>
    sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? NaN;
  switch (which) {
    case 'median':
      return share(0.5);
    case 'p95':
      return share(0.95);
    case 'most':
      return sorted.at(-1) ?? NaN;
    case 'mean':
      return samples.length === 0 ? NaN : samples.reduce((sum, one) => sum + one, 0) / samples.length;
    case 'sum':
      return samples.reduce((sum, one) => sum + one, 0);
    default:
      return which satisfies never;
  }
}

/** What one subject showed: samples by the name of the figure (`catalogue.ts`). */
export class Samples {
  readonly #samples = new Map<string, number[]>();

  add(figure: string, ...samples: readonly number[]): void {
    const all = this.#samples.get(figure) ?? [];
    // Not spread over push: there may be as many as packets.
    this.#samples.set(figure, all.concat(samples));
  }

  of(figure: string): readonly number[] {
    return this.#samples.get(figure) ?? [];
  }

  get all(): Readonly<Record<string, readonly number[]>> {
    return Object.fromEntries(this.#samples);
  }
}
