import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { filesIn } from '../base/files-in.ts';
import { printProblem, type Problem, seenFromHere } from '../base/problem.ts';
import { readTextFile } from '../base/text-file.ts';
import { type Config, settingsProblems } from '../config.ts';

/**
 * `attendant check [FILES]`: checks every kind of file that a person writes, and prints every problem as
 * `file:line: code: what is wrong; the mend`. Without files: all that are loaded, and the scenarios.
 *
 * @param folder whose `.env.local` it is.
 * @returns the exit code: 1 where anything is wrong.
 */
export async function check(
  config: Config,
  files: readonly string[],
  folder = process.cwd(),
): Promise<number> {
  const problems = files.length > 0 ? await inNamed(config, files) : await inAll(config, folder);
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.stdout.write(`${howMany(problems.length)}\n`);
  return problems.length === 0 ? 0 : 1;
}

async function inAll(config: Config, folder: string): Promise<string[]> {
  const { checkFiles } = await import('../api/check-files.ts');
  const { definitionFiles, definitionFolders } = await import('../agent/definition/definitions.ts');
  const { codeProblems } = await import('../agent/code/check.ts');
  const { dialogueFiles } = await import('../speech/dialogue/load.ts');
  const bases = [...new Set([config.home, config.root])];
  const dialogues = await Promise.all(bases.map((base) => dialogueFiles(join(base, 'speech', 'dialogues'))));
  const scenarios = bases.flatMap((base) => readableIn(join(base, 'rehearsal', 'scenarios'), /\.yaml$/));
  return [
    ...printedAll(settingsProblems(folder)),
    ...checkFiles(config),
    ...printedAll(await codeProblems(definitionFolders(config).flatMap(definitionFiles), config.env)),
    ...(await printed(dialogues.flat(), 'dialogue')),
    ...(await printed(scenarios, 'scenario')),
  ];
}

async function inNamed(config: Config, named: readonly string[]): Promise<string[]> {
  const { checkFiles } = await import('../api/check-files.ts');
  const { codeProblems } = await import('../agent/code/check.ts');
  const files = named.flatMap((file) =>
    statSync(file, { throwIfNoEntry: false })?.isDirectory() ? readableIn(file, /\.(ya?ml|json)$/) : [file],
  );
  const kinds = files.map((file) => ({ file, kind: kindOf(file) }));
  const those = (wanted: Kind) => kinds.flatMap(({ file, kind }) => (kind === wanted ? [file] : []));
  const others = those('other');
  return [
    ...(others.length > 0 ? checkFiles(config, others) : []),
    ...printedAll(await codeProblems(others.filter(isYaml), config.env)),
    ...(await printed(those('dialogue'), 'dialogue')),
    ...(await printed(those('scenario'), 'scenario')),
  ];
}

const isYaml = (file: string) => /\.ya?ml$/.test(file);

type Kind = 'dialogue' | 'scenario' | 'other';

async function printed(files: readonly string[], kind: Exclude<Kind, 'other'>): Promise<string[]> {
  const problemsOf: (file: string) => readonly Problem[] =
    kind === 'dialogue'
      ? (await import('../speech/dialogue/load.ts')).dialogueProblems
      : (await import('../rehearsal/scenario.ts')).scenarioProblems;
  return printedAll(files.flatMap(problemsOf));
}

function printedAll(problems: readonly Problem[]): string[] {
  return problems.map((problem) => printProblem(seenFromHere(problem)));
}

/** By the folder that such files are in; elsewhere by what only they have. A file that cannot be read is told by whoever is asked. */
function kindOf(file: string): Kind {
  if (!isYaml(file)) return 'other';
  const folder = basename(dirname(file));
  if (folder === 'scenarios') return 'scenario';
  if (folder === 'dialogues') return 'dialogue';
  const read = readTextFile(file, 'E_DEFINITION_INVALID');
  if ('problem' in read) return 'other';
  const has = (key: string) => new RegExp(`^["']?${key}["']?\\s*:`, 'm').test(read.text);
  if (has('steps') && has('dial')) return 'scenario';
  return has('rules') && !has('greeting') ? 'dialogue' : 'other';
}

function readableIn(folder: string, ending: RegExp): string[] {
  try {
    return filesIn(folder, ending);
  } catch {
    return [];
  }
}

function howMany(problems: number): string {
  if (problems === 0) return 'all right';
  return problems === 1 ? '1 problem' : `${problems} problems`;
}
