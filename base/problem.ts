import { isAbsolute, relative } from 'node:path';
import type { ErrorCode } from './errors.ts';

/** Something wrong in a file that a person wrote, where it stands and what mends it. */
export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly code: ErrorCode;
  readonly what: string;
  readonly mend: string;
}

/** The line that `attendant check` prints, and that editors and CI understand: `file:line: code: what is wrong; the mend`. */
export function printProblem({ file, line, code, what, mend }: Problem): string {
  return `${file}:${line}: ${code}: ${what}; ${mend}`;
}

/** The problem with its file as seen from the working folder, where it is below that. */
export function seenFromHere(problem: Problem): Problem {
  const short = relative(process.cwd(), problem.file);
  return short.startsWith('..') || isAbsolute(short) ? problem : { ...problem, file: short };
}
