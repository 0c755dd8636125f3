import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { reasonOf, type ErrorCode } from './errors.ts';
import type { Problem } from './problem.ts';

/** Bytes, unless a kind of file says otherwise. */
const MOST_TEXT = 256 * 1_024;

/** What is wrong with a file before a word of it is read, by the code of the system's error. */
const MENDS: Readonly<Record<string, readonly [what: string, mend: string]>> = {
  ENOENT: ['it is not there (ENOENT)', 'check the path'],
  EACCES: ['its rights do not let us (EACCES)', 'let the user that Attendant runs as read it'],
  ELOOP: [
    'its symbolic links lead round in a circle (ELOOP)',
    'put a file there, or a link that leads to one',
  ],
  ENOTDIR: ['a part of its path is no folder (ENOTDIR)', 'check the path'],
};

/**
 * The text of a file that a person wrote, or why there is none: it is no file (a folder, a pipe that would never end), is too large, or holds
 * something else than UTF-8. Without the byte order mark that some editors put before it.
 *
 * @param code of the problem.
 * @param options `most`: bytes that such a file may have; `long`: what mends one that has more.
 */
export function readTextFile(
  file: string,
  code: ErrorCode,
  { most = MOST_TEXT, long = 'shorten it' }: { readonly most?: number; readonly long?: string } = {},
): { readonly text: string } | { readonly problem: Problem } {
  const problem = (what: string, mend: string, line = 1) => ({ problem: { file, line, code, what, mend } });
  let handle: number | undefined;
  try {
    // A pipe without a writer would be waited for.
    handle = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(handle);
    if (!stat.isFile())
      return problem(
        `the file cannot be read: it is ${stat.isDirectory() ? 'a folder' : 'no file'}`,
        'put a file there, or give it another name',
      );
    if (stat.size > most) return problem(`the file has more than ${most / 1_024} KiB`, long);
    return decoded(readFileSync(handle), problem);
  } catch (error) {
    const [reason, mend] = MENDS[(error as NodeJS.ErrnoException).code ?? ''] ?? [
      reasonOf(error),
      'check the path and its rights',
    ];
    return problem(`the file cannot be read: ${reason}`, mend);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function decoded(
  bytes: Buffer,
  problem: (what: string, mend: string, line: number) => { readonly problem: Problem },
): { readonly text: string } | { readonly problem: Problem } {
  const lineAt = (offset: number) => bytes.subarray(0, offset).toString('latin1').split('\n').length;
  const mend = 'save it as UTF-8 text';
  const zero = bytes.indexOf(0);
  if (zero >= 0)
    return problem('the file is no text: it has a zero byte (is it UTF-16?)', mend, lineAt(zero));
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return problem('the file is not UTF-8', mend, lineAt(firstBroken(bytes)));
  }
}

/** Where the first byte stands that is no UTF-8: what can be decoded up to there is written back as the same bytes. */
function firstBroken(bytes: Buffer): number {
  const again = Buffer.from(bytes.toString('utf8'), 'utf8');
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at] !== again[at]) return at;
  return bytes.length;
}
