import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { runMain } from '../stack/run-main.ts';
import { MEASURES, type MeasureName, USUAL } from './catalogue.ts';
import { plot } from './plot.ts';
import { table } from './report.ts';
import { runBench } from './run.ts';
import type { ScaleName } from './scale.ts';
import { SUBJECTS, type Subject } from './subjects.ts';

/** `npm run bench`: see docs/performance.md. */

interface Options {
  readonly short?: boolean;
  readonly quick?: boolean;
  readonly smallest?: boolean;
  readonly only?: readonly MeasureName[];
  readonly subjects: readonly Subject[];
  readonly rounds?: number;
  readonly out?: string;
}

const ROUNDS: Readonly<Record<ScaleName, number>> = { full: 3, short: 1, quick: 1, smallest: 1 };

const program = new Command('bench')
  .description("Calls Attendant's worker and LiveKit's own, side by side, and prints how they fare.")
  .option('--short', 'some of everything, in a quarter of an hour; its figures are rough')
  .addOption(
    new Option('--quick', 'a little of everything, in under five minutes; its figures mean little').conflicts(
      'short',
    ),
  )
  .addOption(
    new Option('--smallest', 'one of each, which shows only that it runs').conflicts(['short', 'quick']),
  )
  .option('--only <measures>', `some of ${MEASURES.join(', ')}`, (text: string) => listed(text, MEASURES))
  .option('--subjects <names>', `some of ${SUBJECTS.join(', ')}`, (text: string) => listed(text, SUBJECTS), [
    ...SUBJECTS,
  ])
  .option('--rounds <n>', 'how often each is measured, in turn', count)
  .option(
    '--out <file>',
    'where the result goes, as JSON, with a plot beside it; bench/results/<time>.json unless said',
  )
  .showHelpAfterError()
  .action(async (options: Options) => {
    process.exitCode = await runMain((_config, signal) => bench(options, signal));
  });

async function bench(options: Options, signal: AbortSignal): Promise<undefined> {
  const write = (line: string) => void process.stdout.write(`${line}\n`);
  const scale = options.smallest ? 'smallest' : options.quick ? 'quick' : options.short ? 'short' : 'full';
  const { only = USUAL, subjects, rounds = ROUNDS[scale] } = options;
  const result = await runBench({ scale, measures: only, subjects, rounds }, write, signal);
  write(`\n${table(result)}`);
  const file = options.out ?? join(import.meta.dirname, 'results', `${result.at.replace(/[:.]/g, '-')}.json`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(result, undefined, 1)}\n`);
  const picture = `${file.replace(/\.json$/, '')}.svg`;
  await writeFile(picture, plot(result));
  write(`${file}\n${picture}`);
  return undefined;
}

function listed<T extends string>(text: string, known: readonly T[]): T[] {
  const names = text.split(',');
  const found = known.filter((one) => names.includes(one));
  if (found.length < names.length) throw new InvalidArgumentError(`choose among ${known.join(', ')}`);
  return found;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1');
  return value;
}

await program.parseAsync();
process.exit();
