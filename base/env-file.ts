import { parseEnv } from 'node:util';
import { stampOf } from './file-version.ts';
import type { Problem } from './problem.ts';
import { readTextFile } from './text-file.ts';

/** Settings in a file, each as `NAME=value` on a line. */
export interface EnvFile {
  readonly values: Readonly<Record<string, string>>;
  /** The line, from 1, that sets a variable: the last that does. */
  readonly lineOf: (name: string) => number;
  /** Lines that set nothing, though they are no comments. */
  readonly problems: readonly Problem[];
  /** Why the file, which is there, could not be read at all. */
  readonly unreadable: Problem | undefined;
}

const SETTING = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=(.*)$/;
const OPEN_QUOTE = /^\s*(["'`])/;

/** Reads a file of settings; one that is not there sets nothing. */
export function readEnvFile(file: string): EnvFile {
  const none = { values: {}, lineOf: () => 1, problems: [], unreadable: undefined };
  if (stampOf(file) === undefined) return none;
  const read = readTextFile(file, 'E_CONFIG');
  if ('problem' in read) return { ...none, unreadable: read.problem };
  const lines = new Map<string, number>();
  const problems: Problem[] = [];
  /** The quote that a value over several lines waits for. */
  let open: string | undefined;
  read.text.split(/\r?\n/).forEach((text, index) => {
    const line = index + 1;
    if (open !== undefined) {
      if (text.includes(open)) open = undefined;
      return;
    }
    if (/^\s*(#|$)/.test(text)) return;
    const [, name, value = ''] = SETTING.exec(text) ?? [];
    if (name === undefined) {
      // Not with the line itself: it may be a key that somebody forgot to name.
      const what = 'the line sets nothing';
      problems.push({ file, line, code: 'E_CONFIG', what, mend: 'write it as NAME=value, or # before it' });
      return;
    }
    lines.set(name, line);
    const [, quote = ''] = OPEN_QUOTE.exec(value) ?? [];
    if (quote !== '' && !value.trimStart().slice(1).includes(quote)) open = quote;
  });
  const values = parseEnv(read.text) as Record<string, string>;
  return { values, lineOf: (name) => lines.get(name) ?? 1, problems, unreadable: undefined };
}
