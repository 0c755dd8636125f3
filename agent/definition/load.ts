import { dirname, join } from 'node:path';
import { AttendantError, reasonOf } from '../../base/errors.ts';
import { versionOf } from '../../base/file-version.ts';
import { printProblem, type Problem } from '../../base/problem.ts';
import { type Code, readCode } from './code.ts';
import { type Definition, definitionSchema, type LoadedDefinition } from './definition.ts';
import { contentProblems } from './content.ts';
import { schemaProblems } from './schema-problems.ts';
import { Source } from '../../base/source.ts';
import { readTextFile } from '../../base/text-file.ts';

/** Bytes. Instructions may have 64,000 characters; nothing else in a definition comes near. */
const MOST_TEXT = 512 * 1_024;
const TOO_LONG = 'shorten it; what an agent has to look up belongs behind a tool';

export type Parsed =
  | { readonly definition: Definition; readonly problems: readonly [] }
  | { readonly definition: undefined; readonly problems: readonly Problem[] };

/** Reads a definition from its text. All that is wrong is told at once, in the order of its lines. */
export function parseDefinition(file: string, text: string): Parsed {
  if (Buffer.byteLength(text) > MOST_TEXT) {
    return broken([
      {
        file,
        line: 1,
        code: 'E_DEFINITION_INVALID',
        what: `the file has more than ${MOST_TEXT / 1_024} KiB`,
        mend: TOO_LONG,
      },
    ]);
  }
  const source = new Source(file, text, 'E_DEFINITION_INVALID');
  const read = source.read();
  if ('problems' in read) return broken(read.problems);
  const { value } = read;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return broken([
      source.problem([], 'no agent definition: it holds no keys', 'begin with name: and instructions:'),
    ]);
  }
  const parsed = definitionSchema.safeParse(value);
  if (!parsed.success) return broken(schemaProblems(source, parsed.error, value));
  const problems = contentProblems(source, parsed.data);
  return problems.length > 0 ? broken(problems) : { definition: parsed.data, problems: [] };
}

function broken(problems: readonly Problem[]): Parsed {
  return { definition: undefined, problems: [...problems].sort((a, b) => a.line - b.line) };
}

/**
 * Loads one definition file.
 *
 * @throws AttendantError E_DEFINITION_INVALID, with every problem on a line of its own, as `attendant check` prints it.
 */
export function loadDefinition(file: string): LoadedDefinition {
  const text = readText(file);
  const { definition, problems } = parseDefinition(file, text);
  if (!definition) throw new AttendantError('E_DEFINITION_INVALID', problems.map(printProblem).join('\n'));
  const { code, problem } = codeOf(file, text, definition);
  if (problem) throw new AttendantError('E_DEFINITION_INVALID', printProblem(problem));
  return { definition, version: versionOf(code ? `${text}\0${code.version}` : text), text, file, code };
}

/** Where the code of a definition is to be, whether it is there or not; undefined where it names none, or is wrong itself. */
export function codeFileOf(file: string): string | undefined {
  try {
    const path = parseDefinition(file, readText(file)).definition?.code;
    return path === undefined ? undefined : join(dirname(file), path);
  } catch {
    return undefined;
  }
}

/** The code that a definition names, as it stands, or what is wrong with it; neither where it names none. */
export function codeOf(
  file: string,
  text: string,
  { code: path }: Pick<Definition, 'code'>,
): { code: Code | undefined; problem: Problem | undefined } {
  if (path === undefined) return { code: undefined, problem: undefined };
  try {
    return { code: readCode(file, path), problem: undefined };
  } catch (error) {
    const problem = new Source(file, text, 'E_DEFINITION_INVALID').problem(
      ['code'],
      `code: ${path} cannot be read: ${reasonOf(error)}`,
      'write the path of a file beside this one',
    );
    return { code: undefined, problem };
  }
}

/** @throws AttendantError E_DEFINITION_INVALID when it cannot be read, or is too large to be one. */
function readText(file: string): string {
  const read = readDefinitionFile(file);
  if ('problem' in read) throw new AttendantError('E_DEFINITION_INVALID', printProblem(read.problem));
  return read.text;
}

/** The text of a definition file, or why there is none. */
export function readDefinitionFile(file: string): ReturnType<typeof readTextFile> {
  return readTextFile(file, 'E_DEFINITION_INVALID', { most: MOST_TEXT, long: TOO_LONG });
}
