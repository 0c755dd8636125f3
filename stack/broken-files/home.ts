import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Broken, DEFINITION } from './broken.ts';

/**
 * A home with every kind of file, all of them right.
 *
 * @param desk false has a small agent in place of the one with everything, which takes the longest to read.
 */
export function rightHome({ desk = true }: { readonly desk?: boolean } = {}): string {
  const home = mkdtempSync(join(tmpdir(), 'attendant-broken-'));
  cpSync(join(import.meta.dirname, 'right'), home, { recursive: true });
  if (!desk) {
    const small = readFileSync(join(home, 'agent', 'definitions', 'aside.yaml'), 'utf8');
    writeFileSync(join(home, DEFINITION.file), small.replace('name: aside', 'name: desk'));
  }
  // In the repository it has another name: that one belongs to whoever works on it.
  renameSync(join(home, 'settings.env'), join(home, '.env.local'));
  return home;
}

/** Breaks a file of a home. */
export function breakIn(home: string, { file: path, by }: Pick<Broken, 'file' | 'by'>): void {
  const file = join(home, path);
  if (Array.isArray(by)) {
    const text = readFileSync(file, 'utf8');
    const [from, to] = by as readonly [string, string];
    if (text.split(from).length !== 2) throw new Error(`${path} has not once: ${from}`);
    writeFileSync(
      file,
      text.replace(from, () => to),
    );
    return;
  }
  if (typeof by === 'object' && 'more' in by) {
    appendFileSync(file, by.more);
    return;
  }
  rmSync(file, { force: true });
  if (by === 'a folder') mkdirSync(file);
  else if (by === 'a pipe') execFileSync('mkfifo', [file]);
  else if (typeof by === 'object' && 'text' in by) writeFileSync(file, by.text);
  else if (typeof by === 'object' && 'linksTo' in by) symlinkSync(by.linksTo, file);
}
