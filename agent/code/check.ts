import { systemClock } from '../../base/clock.ts';
import { asAttendantError } from '../../base/errors.ts';
import { createLog } from '../../base/log.ts';
import type { Problem } from '../../base/problem.ts';
import type { LoadedDefinition } from '../definition/definition.ts';
import { loadDefinition } from '../definition/load.ts';
import { openCodes } from './codes.ts';

const MEND: Partial<Record<Problem['code'], string>> = {
  E_TIMEOUT: 'let its import wait for nothing: what takes time belongs into onEnter or a tool',
};

/**
 * Imports the code of those definitions that name any and are right, as a call would.
 *
 * @returns what is wrong, each at its file and line.
 */
export async function codeProblems(
  definitionFiles: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Problem[]> {
  const codes = openCodes({ env, clock: systemClock, log: createLog('check', 'silent') });
  const problems: Problem[] = [];
  try {
    for (const file of definitionFiles) {
      const loaded = rightOne(file);
      if (!loaded?.code) continue;
      try {
        await codes.ready(loaded);
      } catch (thrown) {
        const { code, message } = asAttendantError(thrown, 'E_CODE_INVALID');
        const [, at = loaded.code.file, line = '1', what = message] =
          /^(\S+?):(\d+): (.*)$/s.exec(message) ?? [];
        const mend = MEND[code] ?? 'mend the code at this line; see docs/code.md';
        problems.push({ file: at, line: Number(line), code, what, mend });
      }
    }
    return problems;
  } finally {
    await codes.close();
  }
}

/** Undefined where it is wrong: what is told by the check of definitions. */
function rightOne(file: string): LoadedDefinition | undefined {
  try {
    return loadDefinition(file);
  } catch {
    return undefined;
  }
}
