import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { z } from 'zod';
import { versionOf } from '../../base/file-version.ts';

const MOST_FILES = 50;
/** Bytes of one. */
const MOST_TEXT = 512 * 1_024;
/** Files that are imported from beside: `from './orders.ts'`, `import './orders.ts'`, `import('./orders.ts')`. */
const IMPORTS = /(?:\bfrom|\bimport)\s*\(?\s*(['"])(\.\.?\/[^'"\n]{1,256})\1/g;

/** Where an agent's functions are. */
export const code = z
  .string()
  .max(256)
  .regex(
    /^(?!\/)(?!.*(?:^|\/)\.)[A-Za-z0-9_\-./]+\.m?[jt]s$/,
    'a TypeScript file beside this one, such as support.ts',
  )
  .optional()
  .describe(
    "TypeScript file beside this one, with functions of the agent's own: tools, onEnter, onExit and route.",
  );

/** An agent's code as it stands: its file, and what that imports from beside it. */
export interface Code {
  readonly file: string;
  /** Their texts by their paths, the file itself first. */
  readonly texts: ReadonlyMap<string, string>;
  /** `sha256:` + hex of the text of all. */
  readonly version: string;
}

/**
 * Reads the code that a definition names.
 *
 * @param definitionFile the YAML file; the code lies in its folder.
 * @throws Error that says for people what is wrong.
 */
export function readCode(definitionFile: string, path: string): Code {
  const folder = realpathSync(dirname(definitionFile));
  const file = join(dirname(definitionFile), path);
  const texts = new Map<string, string>();
  const visit = (one: string): void => {
    if (texts.has(one)) return;
    if (texts.size >= MOST_FILES) throw new Error(`it imports more than ${MOST_FILES} files`);
    const text = textOf(one, folder);
    texts.set(one, text);
    for (const [, , path = ''] of text.matchAll(IMPORTS)) {
      const imported = join(dirname(one), path);
      if (!isWithin(imported, dirname(definitionFile))) continue;
      // One that is not there yet, or only looks like an import, is for Node to judge; should it come, that is a change.
      if (isFile(imported)) visit(imported);
      else texts.set(imported, '');
    }
  };
  visit(file);
  const named = [...texts].map(([one, text]) => `${relative(dirname(definitionFile), one)}\n${text}`);
  return { file, texts, version: versionOf(named.join('\0')) };
}

function textOf(file: string, folder: string): string {
  if (!isFile(file)) throw new Error('there is no such file');
  if (!isWithin(realpathSync(file), folder)) throw new Error('it leads out of the folder of the definition');
  if (statSync(file).size > MOST_TEXT) throw new Error(`it has more than ${MOST_TEXT / 1_024} KiB`);
  return readFileSync(file, 'utf8');
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isWithin(file: string, folder: string): boolean {
  const path = relative(folder, file);
  return path !== '..' && !path.startsWith(`..${sep}`) && path !== '' && !path.startsWith(sep);
}
