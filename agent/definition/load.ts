import { AttendantError } from '../../base/errors.ts';
import { versionOf } from '../../base/file-version.ts';
import { printProblem, type Problem } from '../../base/problem.ts';
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
  return { definition, version: versionOf(text), text, file };
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
