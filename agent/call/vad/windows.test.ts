import { expect, it } from 'vitest';
import { WINDOW } from './silero.ts';
import { Windows } from './windows.ts';

const counted = (from: number, count: number) => Int16Array.from({ length: count }, (_, n) => from + n);

it('cuts pieces of any length into windows, with no sample lost or doubled', () => {
  const windows = new Windows();
  const cut: number[] = [];
  let at = 0;
  for (const length of [1, 800, 511, 512, 513, 2_000, 0, 160]) {
    for (const window of windows.push(counted(at, length))) cut.push(...window);
    at += length;
  }
  expect(cut).toEqual([...counted(0, Math.floor(at / WINDOW) * WINDOW)]);
});

it('begins anew where it is told to', () => {
  const windows = new Windows();
  windows.push(counted(0, 500));
  windows.reset();
  expect(windows.push(counted(1_000, WINDOW))).toEqual([counted(1_000, WINDOW)]);
});
