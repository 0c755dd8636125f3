import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { basename, join } from 'node:path';
import {
  type Broken,
  CALLEES,
  type Change,
  DEFINITION,
  DIALOGUE,
  KEEPING,
  type Kind,
  LIST,
  NUMBERS,
  PRICES,
  PROVIDER,
  RULE,
  SCENARIO,
  TRUNK,
} from '../broken.ts';

/** Every kind but settings, which no process of ours watches. */
const KINDS = [DEFINITION, TRUNK, PROVIDER, RULE, NUMBERS, PRICES, KEEPING, DIALOGUE, SCENARIO];
/** Kinds that are loaded only where they are named. A list that is no text is not known to be one: its callees are. */
const NAMED = { notText: [CALLEES], notYaml: [LIST] };
/** Bytes; other kinds may have 256 KiB. */
const LARGER: readonly Kind[] = [DEFINITION, DIALOGUE];

const linesOf = (kind: Kind) =>
  readFileSync(join(import.meta.dirname, '..', 'right', kind.file), 'utf8').split('\n').length - 1;

/** What no kind of file may be, whatever is in it. */
function notText(kind: Kind): Broken[] {
  const { file, code, named } = kind;
  const last = linesOf(kind);
  const most = kind === CALLEES ? 4_096 : LARGER.includes(kind) ? 512 : 256;
  const rows: readonly [Change, number, string][] = [
    ['a folder', 1, 'the file cannot be read: it is a folder; put a file there, or give it another name'],
    ['a pipe', 1, 'the file cannot be read: it is no file; put a file there, or give it another name'],
    [
      { linksTo: basename(file) },
      1,
      'the file cannot be read: its symbolic links lead round in a circle (ELOOP); put a file there, or a link that leads to one',
    ],
    [
      { text: gzipSync('a trunk') },
      1,
      'the file is no text: it has a zero byte (is it UTF-16?); save it as UTF-8 text',
    ],
    [
      { text: Buffer.from('\ufeffname: desk\n', 'utf16le') },
      1,
      'the file is no text: it has a zero byte (is it UTF-16?); save it as UTF-8 text',
    ],
    [
      { more: Buffer.from('\n# caf\xe9\n', 'latin1') },
      last + 2,
      'the file is not UTF-8; save it as UTF-8 text',
    ],
    [
      { more: `${' '.repeat(most * 1_024)}\n` },
      1,
      `the file has more than ${most} KiB; ${kind === DEFINITION ? 'shorten it; what an agent has to look up belongs behind a tool' : 'shorten it'}`,
    ],
  ];
  return rows.map(([by, line, told]) => ({
    what: typeof by === 'string' ? by : told.replace(/;.*/, ''),
    file,
    by,
    told: [`${line}: ${code}: ${told}`],
    ...(named !== undefined && { named }),
  }));
}

/** What is no YAML. */
function notYaml(kind: Kind): Broken[] {
  const { file, code, named } = kind;
  const last = linesOf(kind);
  const [first = ''] = readFileSync(join(import.meta.dirname, '..', 'right', file), 'utf8').split('\n');
  const bomb = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i}, `.repeat(9)}]`).join(
    '\n',
  );
  const mend = 'mend the YAML at this line';
  const rows: readonly [string, Change, number, string][] = [
    ['a key twice', { more: `${first}\n` }, last + 1, `no valid YAML: Map keys must be unique; ${mend}`],
    [
      'a tab',
      { more: 'x:\n\ty: 1\n' },
      last + 2,
      `no valid YAML: Tabs are not allowed as indentation; ${mend}`,
    ],
    [
      'an alias of nothing',
      { more: 'x: *nobody\n' },
      last + 1,
      `no valid YAML: no anchor is named nobody; ${mend}`,
    ],
    [
      'aliases of aliases',
      { more: `l0: &l0 [x]\n${bomb}\n` },
      1,
      'no valid YAML: Excessive alias count indicates a resource exhaustion attack; write it out instead of using aliases',
    ],
    [
      'a tag that makes code of it',
      { more: 'x: !!js/function y\n' },
      last + 1,
      `no valid YAML: Unresolved tag: tag:yaml.org,2002:js/function; ${mend}`,
    ],
    [
      'a second document',
      { more: '---\nname: other\n' },
      last + 1,
      `no valid YAML: Source contains multiple documents; please use YAML.parseAllDocuments(); ${mend}`,
    ],
  ];
  return rows.map(([what, by, line, told]) => ({
    what,
    file,
    by,
    told: [`${line}: ${code}: ${told}`],
    ...(named !== undefined && { named }),
  }));
}

export const NO_TEXT: readonly Broken[] = [
  ...[...KINDS, ...NAMED.notText].flatMap(notText),
  ...[...KINDS, ...NAMED.notYaml].filter(({ file }) => file.endsWith('.yaml')).flatMap(notYaml),
];
