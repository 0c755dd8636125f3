import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { asAttendantError } from '../base/errors.ts';
import type { Config } from '../config.ts';

/**
 * `attendant check [FILES]`: checks definitions, trunks, dispatch rules and scenarios, and prints every problem as
 * `file:line: code: what is wrong; the mend`. Without files: all that are loaded, and the scenarios.
 *
 * @returns the exit code: 1 where anything is wrong.
 */
export async function check(config: Config, files: readonly string[]): Promise<number> {
  const { checkFiles } = await import('../api/check-files.ts');
  const scenarios = files.length > 0 ? files.filter(isScenario) : scenariosOf(config);
  const others = files.filter((file) => !scenarios.includes(file));
  const problems = files.length === 0 || others.length > 0 ? [...checkFiles(config, others)] : [];
  for (const file of scenarios) problems.push(...(await scenarioProblems(file)));
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.stdout.write(problems.length === 0 ? 'all right\n' : `${problems.length} problems\n`);
  return problems.length === 0 ? 0 : 1;
}

async function scenarioProblems(file: string): Promise<string[]> {
  const { loadScenario } = await import('../rehearsal/scenario.ts');
  try {
    await loadScenario(file);
    return [];
  } catch (thrown) {
    const error = asAttendantError(thrown, 'E_SCENARIO_INVALID');
    return error.message.split('\n').map((line) => line.replace(/^(.*?:\d+: )/, `$1${error.code}: `));
  }
}

function scenariosOf({ home, root }: Config): string[] {
  const folders = new Set([home, root].map((base) => join(base, 'rehearsal', 'scenarios')));
  return [...folders].flatMap((folder) => {
    try {
      return readdirSync(folder)
        .filter((name) => name.endsWith('.yaml'))
        .map((name) => join(folder, name));
    } catch {
      return [];
    }
  });
}

/** A scenario has steps, a definition never. */
function isScenario(file: string): boolean {
  if (!/\.ya?ml$/.test(file)) return false;
  try {
    const value: unknown = parse(readFileSync(file, 'utf8'), { logLevel: 'silent' });
    return typeof value === 'object' && value !== null && 'steps' in value;
  } catch {
    return false;
  }
}
