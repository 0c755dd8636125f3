import { join } from 'node:path';
import { stampOf } from '../base/file-version.ts';
import type { Log } from '../base/log.ts';
import { type Problem, printProblem } from '../base/problem.ts';
import { readTextFile } from '../base/text-file.ts';
import { parsePrices, type Prices } from './price-file.ts';

/** Where the price file of an installation is, if it has one. */
export const pricesFile = (home: string): string => join(home, 'prices.yaml');

/** The prices as the file stands now; undefined where there is none, or never was a right one. */
export interface OpenPrices {
  current(): Prices | undefined;
}

/** Reads the price file whenever it has changed: an edit holds for the next call that ends, one that broke it leaves what was before. */
export function openPrices({ home, log }: { home: string; log: Log }): OpenPrices {
  const file = pricesFile(home);
  let known: { stamp: string; prices: Prices | undefined } | undefined;
  return {
    current: () => {
      const stamp = stampOf(file);
      if (stamp === undefined) known = undefined;
      else if (known?.stamp !== stamp) {
        const { prices, problems } = readPrices(file);
        const [first] = problems;
        if (first)
          log.warn(
            { code: first.code, problem: printProblem(first) },
            known?.prices
              ? 'the price file is wrong; calls cost what they did before the edit'
              : 'the price file is wrong; calls have no cost',
          );
        known = { stamp, prices: prices ?? known?.prices };
      }
      return known?.prices;
    },
  };
}

/** What is wrong in the price file of an installation; nothing where there is none. */
export function priceProblems(file: string): readonly Problem[] {
  return stampOf(file) !== undefined ? readPrices(file).problems : [];
}

function readPrices(file: string): ReturnType<typeof parsePrices> {
  const read = readTextFile(file, 'E_PRICES_INVALID');
  return 'problem' in read ? { prices: undefined, problems: [read.problem] } : parsePrices(file, read.text);
}
