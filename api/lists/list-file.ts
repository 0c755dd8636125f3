import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import type { Definition } from '../../agent/definition/definition.ts';
import { openDefinitions } from '../../agent/definition/definitions.ts';
import { targetOf } from '../../agent/definition/dialable.ts';
import { reasonOf } from '../../base/errors.ts';
import type { AgentName } from '../../base/ids.ts';
import { createLog } from '../../base/log.ts';
import type { Problem } from '../../base/problem.ts';
import { schemaProblems } from '../../base/schema-problems.ts';
import { Source } from '../../base/source.ts';
import type { Config } from '../../config.ts';
import { type AskedCallee, type AskedList, calleeSchema, fileSchema, MOST_CALLEES } from './fields.ts';
import { readCsv, RowError } from './csv.ts';
import { calleeFaults, dialedAs, settingFaults } from './sound.ts';

const CODE = 'E_LIST_INVALID';
/** Bytes of a file. */
const MOST_TEXT = 4 * 1024 * 1024;
const PAGE = 'docs/lists.md';

interface Around {
  /** The definition of an agent; undefined where there is none that is right. */
  readonly agentOf: (name: string) => Definition | undefined;
  readonly organization?: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How a file is read; from the disk unless said. */
  readonly read?: (file: string) => string;
}

/** The agents of an installation, as a list's file is checked against them. */
export function agentsOf(place: Pick<Config, 'home' | 'root' | 'env'>): Around['agentOf'] {
  const definitions = openDefinitions({ ...place, log: createLog('lists', 'silent') });
  const names = new Set<string>(definitions.names());
  return (name) => (names.has(name) ? definitions.get(name as AgentName).definition : undefined);
}

/** Whether a YAML file is of a list: those have callees. */
export function isListFile(file: string): boolean {
  if (!/\.ya?ml$/.test(file)) return false;
  try {
    const value: unknown = parse(readFileSync(file, 'utf8'), { logLevel: 'silent' });
    return typeof value === 'object' && value !== null && 'callees' in value;
  } catch {
    return false;
  }
}

/** A list as its files say it, as `POST /lists` takes it; or all that is wrong with them, each at its line. */
export function readList(
  file: string,
  around: Around,
): { readonly list: AskedList } | { readonly problems: readonly Problem[] } {
  const { read: readFile = readText } = around;
  const text = textOf(file, readFile);
  if (typeof text !== 'string') return { problems: [text] };
  const source = new Source(file, text, CODE);
  const read = source.read();
  if ('problems' in read) return read;
  const parsed = fileSchema.safeParse(read.value ?? {});
  if (!parsed.success)
    return { problems: schemaProblems(source, parsed.error, read.value, { schema: fileSchema, page: PAGE }) };
  const { callees: table, do_not_call: never, ...settings } = parsed.data;
  const definition = around.agentOf(settings.agent);
  const problems: Problem[] = definition
    ? settingFaults(settings, definition, around.now).map(({ path, what, mend }) =>
        source.problem(path, `${path.join('.')}: ${what}`, mend),
      )
    : [
        source.problem(
          ['agent'],
          `no agent has the name ${settings.agent}`,
          'name one whose definition is right',
        ),
      ];
  const beside = (name: string) => resolve(dirname(file), name);
  const callees = readCallees(beside(table), readFile);
  problems.push(...callees.problems);
  if (definition) {
    const { rows } = callees;
    const faults = calleeFaults(
      rows.map(({ callee }) => callee),
      definition,
      {
        organization: around.organization ?? definition.outbound?.organizations?.[0] ?? 'default',
        settings,
        placeOf: (i) => `line ${rows[i]?.line ?? 0}`,
      },
    );
    for (const { path, what, mend } of faults) {
      const [, index, member] = path;
      const { line = 1 } = rows[Number(index)] ?? {};
      problems.push({ file: beside(table), line, code: CODE, what: `${String(member)}: ${what}`, mend });
    }
  }
  const left = never === undefined ? { numbers: [], problems: [] } : readNumbers(beside(never), readFile);
  problems.push(...left.problems);
  if (problems.length > 0) return { problems: problems.sort(byPlace) };
  // Only those that are on the list: nobody else's number leaves the file.
  const numbers = new Set(left.numbers);
  const mine = callees.rows.map(({ callee }) => dialedAs(callee.to)).filter((number) => numbers.has(number));
  return { list: { ...settings, callees: callees.rows.map(({ callee }) => callee), do_not_call: mine } };
}

function readCallees(
  file: string,
  read: (file: string) => string,
): { rows: { line: number; callee: AskedCallee }[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const problem = (line: number, what: string, mend: string) =>
    problems.push({ file, line, code: CODE, what, mend });
  const rows: { line: number; callee: AskedCallee }[] = [];
  const text = textOf(file, read);
  if (typeof text !== 'string') return { rows, problems: [text] };
  let table: ReturnType<typeof readCsv>;
  try {
    table = readCsv(text);
  } catch (thrown) {
    if (!(thrown instanceof RowError)) throw thrown;
    problem(thrown.line, thrown.message, 'quote cells as RFC 4180 says');
    return { rows, problems };
  }
  const [head, ...body] = table;
  const columns = head?.cells ?? [];
  const headLine = head?.line ?? 1;
  if (!columns.includes('to'))
    problem(headLine, 'no column is named to', 'name the columns in the first line');
  columns.forEach((name, i) => {
    if (columns.indexOf(name) !== i)
      problem(headLine, `two columns are named ${name}`, 'name each column once');
    else if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name))
      problem(
        headLine,
        `${JSON.stringify(name.slice(0, 80))} is no name of a column`,
        'use letters, digits and underscores',
      );
  });
  if (problems.length > 0) return { rows, problems };
  if (body.length === 0) problem(headLine, 'nobody is on the list', 'write a line for each callee');
  if (body.length > MOST_CALLEES)
    problem(body[MOST_CALLEES]?.line ?? 1, `there are ${body.length} callees`, `the most is ${MOST_CALLEES}`);
  for (const { line, cells } of body.slice(0, MOST_CALLEES)) {
    if (cells.length > columns.length) {
      problem(line, `it has ${cells.length} cells`, `the first line names ${columns.length} columns`);
      continue;
    }
    const given = cells.flatMap((cell, i) => (cell === '' ? [] : [[columns[i] ?? '', cell] as const]));
    const own = given.filter(([name]) => ['to', 'uid', 'time_zone'].includes(name));
    const vars = given.filter(([name]) => !['to', 'uid', 'time_zone'].includes(name));
    const parsed = calleeSchema.safeParse({ ...Object.fromEntries(own), vars: Object.fromEntries(vars) });
    if (parsed.success) rows.push({ line, callee: parsed.data });
    else
      for (const { path, message } of parsed.error.issues) {
        const column = String(path.at(-1) ?? '');
        const isMissing = column === 'to' && !given.some(([name]) => name === 'to');
        problem(
          line,
          isMissing ? 'to is empty' : `${column} is not valid`,
          isMissing ? 'write a number' : message,
        );
      }
  }
  return { rows, problems };
}

/** A number a line; empty lines and what stands behind `#` count for nothing. */
function readNumbers(
  file: string,
  read: (file: string) => string,
): { numbers: string[]; problems: Problem[] } {
  const text = textOf(file, read);
  if (typeof text !== 'string') return { numbers: [], problems: [text] };
  const numbers: string[] = [];
  const problems: Problem[] = [];
  text.split(/\r?\n/).forEach((whole, i) => {
    const number = whole.replace(/#.*/, '').trim();
    if (number === '') return;
    if (targetOf(number)) numbers.push(dialedAs(number));
    else {
      const what = 'this is neither a number nor an address';
      problems.push({ file, line: i + 1, code: CODE, what, mend: 'write it as +15550123, or sip:user@host' });
    }
  });
  return { numbers, problems };
}

function readText(file: string): string {
  const { size } = statSync(file);
  if (size > MOST_TEXT) throw new Error(`it has ${size} bytes, the most is ${MOST_TEXT}`);
  return readFileSync(file, 'utf8');
}

function textOf(file: string, read: (file: string) => string): string | Problem {
  try {
    return read(file);
  } catch (thrown) {
    const what = `the file cannot be read: ${reasonOf(thrown)}`;
    return { file, line: 1, code: CODE, what, mend: 'check the path and its rights' };
  }
}

const byPlace = (a: Problem, b: Problem) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1);
