import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AttendantError } from '../../base/errors.ts';
import { printProblem, type Problem } from '../../base/problem.ts';
import { schemaProblems } from '../../base/schema-problems.ts';
import { Source } from '../../base/source.ts';
import { readTextFile } from '../../base/text-file.ts';
import { dialogueSchema, type Dialogue } from './schema.ts';

const CODE = 'E_DIALOGUE_INVALID';
const LIMITS = { most: 512 * 1024 };
const MOST_FILES = 200;

/**
 * Reads one dialogue file.
 *
 * @throws AttendantError E_DIALOGUE_INVALID, every fault as `file:line: code: what is wrong; the mend`, a line each.
 */
function loadDialogue(file: string): Dialogue {
  const read = readTextFile(file, CODE, LIMITS);
  if ('problem' in read) throw wrong([read.problem]);
  return parseDialogue(read.text, file);
}

/** The dialogue that a file's text says. @throws AttendantError E_DIALOGUE_INVALID */
export function parseDialogue(text: string, file: string): Dialogue {
  const read = readDialogue(file, text);
  if ('problems' in read) throw wrong(read.problems);
  return read.dialogue;
}

/** What is wrong with a dialogue file; nothing when it is right. */
export function dialogueProblems(file: string): readonly Problem[] {
  const found = readTextFile(file, CODE, LIMITS);
  if ('problem' in found) return [found.problem];
  const read = readDialogue(file, found.text);
  return 'problems' in read ? read.problems : [];
}

function readDialogue(
  file: string,
  text: string,
): { readonly dialogue: Dialogue } | { readonly problems: readonly Problem[] } {
  const source = new Source(file, text, CODE);
  const read = source.read();
  if ('problems' in read) return read;
  const parsed = dialogueSchema.safeParse(read.value);
  if (parsed.success) return { dialogue: parsed.data };
  const expected = { schema: dialogueSchema, page: 'docs/dialogues.md' };
  return { problems: schemaProblems(source, parsed.error, read.value, expected) };
}

/**
 * All dialogues of the folders, the first of a name winning, so that a user's own stand before the shipped ones. A folder that does not
 * exist has none.
 *
 * @throws AttendantError E_DIALOGUE_INVALID
 */
export async function loadDialogues(folders: readonly string[]): Promise<Dialogue[]> {
  const dialogues = new Map<string, Dialogue>();
  for (const folder of new Set(folders)) {
    for (const file of await dialogueFiles(folder)) {
      const dialogue = loadDialogue(file);
      if (!dialogues.has(dialogue.name)) dialogues.set(dialogue.name, dialogue);
    }
  }
  return [...dialogues.values()];
}

/** The dialogue files of a folder, sorted; none where there is no folder. */
export async function dialogueFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((thrown: unknown) => {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  });
  return names
    .filter((name) => /^[^.].*\.ya?ml$/.test(name))
    .sort()
    .slice(0, MOST_FILES)
    .map((name) => join(folder, name));
}

const wrong = (problems: readonly Problem[]) =>
  new AttendantError(CODE, problems.map(printProblem).join('\n'));
