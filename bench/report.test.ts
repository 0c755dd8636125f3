import { expect, it } from 'vitest';
import { figuresOf, MEASURES, USUAL } from './catalogue.ts';
import { DELAYS } from './delays.ts';
import { statistic } from './figures.ts';
import { plot } from './plot.ts';
import { resultOf, table } from './report.ts';
import { SCALES } from './scale.ts';

const samples = {
  attendant: { 'burst.10.last': [900, 1_000, 1_100], 'turns.cut': [0, 0, 0, 0], 'barge.silence': [300, 310] },
  stock: { 'burst.10.last': [20_000], 'turns.cut': [0, 1, 0, 0] },
  'stock-best': { 'burst.10.last': [1_500], 'turns.cut': [0, 0, 0, 0] },
};
const result = resultOf({
  at: '2026-01-01T00:00:00.000Z',
  machine: { processor: 'a <fast> one', cores: 2, node: 'v20', load: 0 },
  scale: 'full',
  measures: USUAL,
  rounds: 1,
  delays: DELAYS,
  samples,
});

it('each statistic is of all samples', () => {
  const four = [4, 1, 3, 2];
  expect(statistic(four, 'median')).toBe(2);
  expect(statistic(four, 'p95')).toBe(4);
  expect(statistic(four, 'mean')).toBe(2.5);
  expect(statistic(four, 'sum')).toBe(10);
  expect(statistic([], 'median')).toBeNaN();
});

it('targets are told met or not met as ratios of the same run', () => {
  const told = Object.fromEntries(result.targets.map(({ says, value, met }) => [says, [value, met]]));
  expect(told['ten at once, the last greeting: ≤ 1/15 of stock']).toEqual([0.05, true]);
  expect(told['ten at once, the last greeting: ≤ 1/2 of stock at its best']).toEqual([1_000 / 1_500, false]);
  expect(told['turns cut off: no more than stock at its best']).toEqual([1, true]);
  expect(told['barge-in → silence: < 350 ms, p95']).toEqual([310, true]);
});

it('the table has each figure of each subject, and its ratio', () => {
  const line = table(result)
    .split('\n')
    .find((one) => one.startsWith("10 at once: INVITE → the last one's greeting"));
  expect(line?.split(/ {2,}/).slice(1)).toEqual(['ms', '1000', '20000', '1500', '0.05', '0.67']);
});

it('the plot is an SVG file with all that was found out', () => {
  const picture = plot(result);
  expect(picture).toContain('a &lt;fast&gt; one');
  expect(picture.match(/<rect/g)?.length).toBe(1 + 3 + 3 + 3 + 1);
});

it('every measure has figures', () => {
  for (const measure of MEASURES) expect(figuresOf([measure], SCALES.smallest).length).toBeGreaterThan(0);
});
