import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AttendantError } from '../../base/errors.ts';
import { Source } from '../../base/source.ts';
import { dialogueSchema, type Dialogue } from './schema.ts';

const LARGEST_FILE = 512 * 1024;
const MOST_FILES = 200;

/**
 * Reads one dialogue file.
 *
 * @throws AttendantError E_DIALOGUE_INVALID as `file:line: what is wrong`.
 */
async function loadDialogue(file: string): Promise<Dialogue> {
  if ((await stat(file)).size > LARGEST_FILE) throw wrong(file, 1, `it is larger than ${LARGEST_FILE} bytes`);
  return parseDialogue(await readFile(file, 'utf8'), file);
}

/** The dialogue that a file's text says. @throws AttendantError E_DIALOGUE_INVALID */
export function parseDialogue(text: string, file: string): Dialogue {
  const source = new Source(file, text, 'E_DIALOGUE_INVALID');
  const [fault] = source.syntaxErrors();
  if (fault) throw wrong(file, fault.line, fault.what);
  const parsed = dialogueSchema.safeParse(source.value());
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path ?? [];
  // A key that does not belong is named by its own line rather than by its block's.
  const at = issue?.code === 'unrecognized_keys' ? [...path, ...issue.keys.slice(0, 1)] : path;
  const place = path.length === 0 ? '' : `${path.join('.')}: `;
  throw wrong(file, source.lineOf(at), `${place}${issue?.message ?? 'invalid'}`);
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
    const names = await readdir(folder).catch((thrown: unknown) => {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw thrown;
    });
    const files = names.filter((name) => /\.ya?ml$/.test(name)).sort();
    for (const name of files.slice(0, MOST_FILES)) {
      const dialogue = await loadDialogue(join(folder, name));
      if (!dialogues.has(dialogue.name)) dialogues.set(dialogue.name, dialogue);
    }
  }
  return [...dialogues.values()];
}

const wrong = (file: string, line: number, what: string) =>
  new AttendantError('E_DIALOGUE_INVALID', `${file}:${line}: ${what}`);
