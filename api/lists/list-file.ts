import { dirname, resolve } from 'node:path';
import type { Definition } from '../../agent/definition/definition.ts';
import { openDefinitions } from '../../agent/definition/definitions.ts';
import { targetOf } from '../../agent/definition/dialable.ts';
import type { AgentName } from '../../base/ids.ts';
import { createLog } from '../../base/log.ts';
import type { Problem } from '../../base/problem.ts';
import { schemaProblems } from '../../base/schema-problems.ts';
import { Source } from '../../base/source.ts';
import { readTextFile } from '../../base/text-file.ts';
import type { Config } from '../../config.ts';
import { type AskedCallee, type AskedList, calleeSchema, fileSchema, MOST_CALLEES } from './fields.ts';
import { readCsv, RowError } from './csv.ts';
import { calleeFaults, dialedAs, settingFaults } from './sound.ts';

const CODE = 'E_LIST_INVALID';
/** Bytes of a file of people or numbers. */
const MOST_TABLE = 4 * 1024 * 1024;
const PAGE = 'docs/lists.md';

type Read = (file: string) => ReturnType<typeof readTextFile>;

interface Around {
  /** The definition of an agent; undefined where there is none that is right. */
  readonly agentOf: (name: string) => Definition | undefined;
  readonly organization?: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How a file is read; from the disk unless said. */
  readonly read?: Read;
}

/** The agents of an installation, as a list's file is checked against them. */
export function agentsOf(place: Pick<Config, 'home' | 'root' | 'env'>): Around['agentOf'] {
  const definitions = openDefinitions({ ...place, log: createLog('lists', 'silent') });
  const names = new Set<string>(definitions.names());
  return (name) => (names.has(name) ? definitions.get(name as AgentName).definition : undefined);
}

/** Whether a YAML file is of a list, right or wrong: it has what only lists have. */
export function isListFile(file: string): boolean {
  if (!/\.ya?ml$/.test(file)) return false;
  const read = readTextFile(file, CODE);
  return 'text' in read && /^["']?(callees|do_not_call|pace)["']?\s*:/m.test(read.text);
}

/** A list as its files say it, as `POST /lists` takes it; or all that is wrong with them, each at its line. */
export function readList(
  file: string,
  around: Around,
): { readonly list: AskedList } | { readonly problems: readonly Problem[] } {
  const readFile: Read =
    around.read ?? ((one) => readTextFile(one, CODE, one === file ? {} : { most: MOST_TABLE }));
  const opened = readFile(file);
  if ('problem' in opened) return { problems: [opened.problem] };
  const source = new Source(file, opened.text, CODE);
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
  read: Read,
): { rows: { line: number; callee: AskedCallee }[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const problem = (line: number, what: string, mend: string) =>
    problems.push({ file, line, code: CODE, what, mend });
  const rows: { line: number; callee: AskedCallee }[] = [];
  const opened = read(file);
  if ('problem' in opened) return { rows, problems: [opened.problem] };
  let table: ReturnType<typeof readCsv>;
  try {
    table = readCsv(opened.text);
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
function readNumbers(file: string, read: Read): { numbers: string[]; problems: Problem[] } {
  const opened = read(file);
  if ('problem' in opened) return { numbers: [], problems: [opened.problem] };
  const numbers: string[] = [];
  const problems: Problem[] = [];
  opened.text.split(/\r?\n/).forEach((whole, i) => {
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

const byPlace = (a: Problem, b: Problem) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1);
