import { expect, test } from 'vitest';
import { createLog } from '../../base/log.ts';
import { type Reading, Strain } from './strain.ts';

const GIB = 2 ** 30;
const WELL: Reading = { lag: 5, free: 8 * GIB, memory: 16 * GIB, heap: 0.2 };

/** What is wanted after each of the readings, which are well but for what is given. */
function after(...readings: Partial<Reading>[]) {
  const strain = new Strain(createLog('worker', 'silent'));
  return readings.map((reading) => {
    strain.take({ ...WELL, ...reading });
    return strain.over;
  });
}

test('a loop that is late for two seconds takes no call, one that was late once does', () => {
  expect(after({ lag: 900 }, {}, { lag: 900 }, { lag: 300 })).toEqual([
    undefined,
    undefined,
    undefined,
    'loop',
  ]);
});

test('calls are taken again when it has been quick for three seconds, and not before', () => {
  const late = [{ lag: 300 }, { lag: 300 }];
  expect(after(...late, { lag: 150 }, {}, {}, { lag: 150 }, {}, {}, {}, {}).slice(1)).toEqual([
    'loop',
    'loop',
    'loop',
    'loop',
    'loop',
    'loop',
    'loop',
    undefined,
    undefined,
  ]);
});

test('too little memory counts at once: of a large machine less than 384 MiB, of a small container a tenth', () => {
  expect(after({ free: 0.37 * GIB })).toEqual(['memory']);
  expect(after({ free: 0.38 * GIB })).toEqual([undefined]);
  expect(after({ free: 0.09 * GIB, memory: GIB })).toEqual(['memory']);
  expect(after({ free: 0.11 * GIB, memory: GIB })).toEqual([undefined]);
});

test('memory that is free again by a little only is not yet enough', () => {
  expect(after({ free: 0 }, { free: 0.4 * GIB }, { free: 0.4 * GIB }, { free: 0.4 * GIB })).toEqual(
    Array.from({ length: 4 }, () => 'memory'),
  );
});

test('a heap that is nearly full takes no call', () => {
  expect(after({ heap: 0.9 }, { heap: 0.9 }, { heap: 0.8 }, {}, {}, {})).toEqual([
    undefined,
    'heap',
    'heap',
    'heap',
    'heap',
    undefined,
  ]);
});

test('LiveKit is told how near the loop is to its limit, and of a process that is over it that it is full', () => {
  const strain = new Strain(createLog('worker', 'silent'));
  expect(strain.pressure).toBe(0);
  strain.take({ ...WELL, lag: 50 });
  expect(strain.pressure).toBe(0.25);
  strain.take({ ...WELL, free: 0 });
  expect(strain.pressure).toBe(1);
});
