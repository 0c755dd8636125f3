import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { figuresOf, type MeasureName, USUAL } from '../../bench/catalogue.ts';
import type { Result } from '../../bench/report.ts';
import { SCALES } from '../../bench/scale.ts';
import { runProgram } from '../../rehearsal/program.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SUBJECTS = ['attendant', 'stock-best'] as const;
/** Of each measure the figure that is there whatever came of the calls. */
const ALWAYS_TOLD = {
  burst: '1 at once: never greeted',
  load: 'calls before the first hole over 60 ms',
  turns: 'turns cut off',
  digits: 'numbers without a result',
  refer: 'transfers without a REFER',
  'barge-in': 'barge-ins without effect',
} satisfies Partial<Record<MeasureName, string>>;

it("npm run bench calls both workers and tells what came of it, with a table, a file and a plot; how fast they are is none of a test's business", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'attendant-bench-'));
  const over = new AbortController();
  onTestFinished(async () => {
    over.abort();
    await rm(folder, { recursive: true, force: true });
  });
  const file = join(folder, 'result.json');
  const printed = await runProgram({
    command: process.execPath,
    args: ['--import', 'tsx', 'bench/main.ts', '--smallest', '--subjects', SUBJECTS.join(','), '--out', file],
    cwd: ROOT,
    signal: over.signal,
  });

  const result = JSON.parse(await readFile(file, 'utf8')) as Result;
  const wanted = figuresOf(USUAL, SCALES.smallest);
  expect(result.figures.map(({ says }) => says)).toEqual(wanted.map(({ says }) => says));
  for (const { says } of result.figures) expect(printed).toContain(says);
  // On a machine that does other things too a caller may talk in vain: then a measure says just that, and has no time to tell.
  for (const [measure, told] of Object.entries(ALWAYS_TOLD))
    for (const subject of SUBJECTS) {
      const figure = result.figures.find(({ says }) => says === told);
      expect(figure?.of[subject], `${measure} of ${subject}\n${printed}`).toEqual(expect.any(Number));
    }
  expect(result.targets.length).toBeGreaterThan(0);
  expect(await readFile(join(folder, 'result.svg'), 'utf8')).toContain('</svg>');
});
