import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parseDefinition } from '../../agent/definition/load.ts';
import { printProblem } from '../../base/problem.ts';
import { readConfig } from '../../config.ts';
import { checkFiles } from '../check-files.ts';
import { readCsv } from './csv.ts';
import { readList } from './list-file.ts';

const REMINDER = `name: reminder
greeting: { kind: fixed, text: 'Your appointment is tomorrow.' }
instructions: Remind people of appointments.
outbound:
  allow: ['+1555*', 'sip:*@pbx.example.com']
  never: ['+15559*']
  trunks: [provider]
  caller_ids: ['+15550100']
`;
const { definition } = parseDefinition('reminder.yaml', REMINDER);
const NOW = Date.UTC(2026, 4, 1);

/** Reads a list of these files; what is wrong, as it is printed. */
function read(files: Readonly<Record<string, string>>) {
  const found = readList('/lists/may.yaml', {
    agentOf: (name) => (name === 'reminder' ? definition : undefined),
    now: NOW,
    read: (file) => {
      const text = files[file.replace('/lists/', '')];
      if (text !== undefined) return { text };
      const what = 'the file cannot be read: it is not there';
      return { problem: { file, line: 1, code: 'E_LIST_INVALID', what, mend: 'check the path' } };
    },
  });
  return 'problems' in found ? found.problems.map(printProblem) : found.list;
}
const YAML = 'agent: reminder\ncallees: may.csv\n';
const withCallees = (text: string, yaml = YAML) => read({ 'may.yaml': yaml, 'may.csv': text });

it('is the settings of a YAML file and the callees of a CSV file, whose further columns are variables', () => {
  const yaml = `${YAML}do_not_call: never.txt
pace: { at_once: 2 }
retry:
  busy: { after: 300, times: 2 }
hours:
  time_zone: Europe/Berlin
  hours: ['mon-fri 09:00-18:00']
expires: 2026-05-10T18:00:00+02:00
`;
  const csv =
    'to,uid,time_zone,name,time\r\n+1 (555) 014-5000,ada-1,,"Lovelace, ""Ada""",nine\r\n\r\nsip:desk@PBX.example.com,,America/New_York,Bob,\r\n';
  const never = '# asked us\n+1 555 014 5000 # Ada\n+15550199\n\n';
  expect(read({ 'may.yaml': yaml, 'may.csv': csv, 'never.txt': never })).toMatchObject({
    agent: 'reminder',
    pace: { at_once: 2, per_minute: 30 },
    retry: { busy: { after: 300, times: 2 } },
    callees: [
      { to: '+1 (555) 014-5000', uid: 'ada-1', vars: { name: 'Lovelace, "Ada"', time: 'nine' } },
      { to: 'sip:desk@PBX.example.com', time_zone: 'America/New_York', vars: { name: 'Bob' } },
    ],
    // Only who is on the list.
    do_not_call: ['+15550145000'],
  });
});

it('tells all that is wrong with the callees, each at its line', () => {
  const csv = [
    'to,uid,time_zone,name',
    '+15550145000,a,,Ada',
    '15550145001,b,,Bob',
    '"+1 555 0145000",c,,"two',
    'lines"',
    '+15550145002,a,,Cy',
    '+19005550123,,,Di',
    'sip:112@pbx.example.com,,,Ed',
    ',d,,Fay',
    '+15550145003,,Mars/Base,Gus',
    '+15550145004,,,Hal,too much',
    '+15550145005,x y,,Ivy',
  ].join('\n');
  expect(withCallees(csv, `${YAML}hours: { hours: ['09:00-18:00'] }\n`)).toEqual([
    '/lists/may.csv:3: E_LIST_INVALID: to is not valid; write a number as +15550123, or sip:user@host',
    '/lists/may.csv:4: E_LIST_INVALID: name is not valid; write it on one line, without control characters',
    '/lists/may.csv:6: E_LIST_INVALID: uid: line 2 has the same uid; give each callee an id of their own, or none',
    '/lists/may.csv:7: E_LIST_INVALID: to: the agent reminder may not dial there; take this one out, or see outbound in the definition of the agent',
    '/lists/may.csv:8: E_LIST_INVALID: to: emergency numbers are never dialed; take this one out, or see outbound in the definition of the agent',
    '/lists/may.csv:9: E_LIST_INVALID: to is empty; write a number',
    '/lists/may.csv:10: E_LIST_INVALID: time_zone: there is no time zone Mars/Base; use a name of the IANA database, as Europe/Berlin',
    '/lists/may.csv:11: E_LIST_INVALID: it has 5 cells; the first line names 4 columns',
    '/lists/may.csv:12: E_LIST_INVALID: uid is not valid; write 1 to 256 printable ASCII characters without spaces',
  ]);
});

it.each([
  ['to\n+15550145000\n+1-555-014-5000\n', 'may.csv:3: E_LIST_INVALID: to: line 2 has the same number'],
  ['number\n+15550145000\n', 'may.csv:1: E_LIST_INVALID: no column is named to'],
  ['to,name,name\n+15550145000,a,b\n', 'may.csv:1: E_LIST_INVALID: two columns are named name'],
  ['to,first name\n+15550145000,a\n', 'may.csv:1: E_LIST_INVALID: "first name" is no name of a column'],
  ['to\n', 'may.csv:1: E_LIST_INVALID: nobody is on the list'],
  ['', 'may.csv:1: E_LIST_INVALID: no column is named to'],
  ['to\n"+15550145000\n', 'may.csv:2: E_LIST_INVALID: a quote is not closed'],
  ['to\n"+1555"0145000\n', 'may.csv:2: E_LIST_INVALID: something stands behind a closing quote'],
  [
    `to\n${Array.from({ length: 10_001 }, (_, i) => `+1555${1_000_000 + i}\n`).join('')}`,
    'may.csv:10002: E_LIST_INVALID: there are 10001 callees',
  ],
  [
    'to,time_zone\n+15550145000,Europe/Berlin\n',
    'may.csv:2: E_LIST_INVALID: time_zone: it counts for nothing without hours',
  ],
])('of the callees %.60j says what is wrong', (csv, problem) => {
  expect(withCallees(csv)).toEqual([expect.stringContaining(problem)]);
});

it.each([
  ['agent: nobody\ncallees: may.csv', '1: E_LIST_INVALID: no agent has the name nobody'],
  [`${YAML}do_not_cal: never.txt`, '3: E_LIST_INVALID: unknown key do_not_cal; did you mean do_not_call?'],
  [`${YAML}trunk: other`, '3: E_LIST_INVALID: trunk: the agent reminder has no trunk other; use provider'],
  [
    `${YAML}caller_id: '+1'`,
    '3: E_LIST_INVALID: caller_id: the agent reminder has no such caller_id; use +15550100',
  ],
  [
    `${YAML}retry:\n  machine: { after: 60, times: 1 }`,
    '4: E_LIST_INVALID: retry.machine: the agent reminder does not listen for answering machines',
  ],
  [
    `${YAML}retry:\n  busy: { after: 0, times: 1 }`,
    '4: E_LIST_INVALID: retry.busy.after is too small; the least is 1',
  ],
  [
    `${YAML}retry:\n  bussy: { after: 60, times: 1 }`,
    '4: E_LIST_INVALID: unknown key retry.bussy; did you mean busy?',
  ],
  [`${YAML}pace: { at_once: 0 }`, '3: E_LIST_INVALID: pace.at_once is too small; the least is 1'],
  [
    `${YAML}hours:\n  time_zone: Europe/Berlim\n  hours: ['09:00-18:00']`,
    '4: E_LIST_INVALID: hours.time_zone: there is no time zone Europe/Berlim',
  ],
  [
    `${YAML}hours: { hours: ['9-18'] }`,
    '3: E_LIST_INVALID: hours.hours.0: "9-18" is not valid; use hours such as mon-fri 08:00-18:00',
  ],
  [
    `${YAML}hours: { hours: ['sun 09:00-18:00'] }\nexpires: 2026-05-02T00:00:00Z`,
    '3: E_LIST_INVALID: hours.hours: none of these hours is before the list ends',
  ],
  [`${YAML}expires: 2026-04-02T00:00:00Z`, '3: E_LIST_INVALID: expires: expires is over already'],
  [
    `${YAML}expires: 2026-07-02T00:00:00Z`,
    '3: E_LIST_INVALID: expires: the list lasts longer than thirty days',
  ],
  [`${YAML}expires: tomorrow`, '3: E_LIST_INVALID: expires: "tomorrow" is not valid; use a time such as'],
  [`${YAML}do_not_call: gone.txt`, 'gone.txt:1: E_LIST_INVALID: the file cannot be read: it is not there'],
  [`${YAML}do_not_call: may.csv`, 'may.csv:1: E_LIST_INVALID: this is neither a number nor an address'],
  ['agent: [', '1: E_LIST_INVALID: no valid YAML'],
])('of the settings %j says what is wrong', (yaml, problem) => {
  expect(withCallees('to\n+15550145000\n', yaml)).toEqual([expect.stringContaining(problem)]);
});

it('is checked by attendant check, with its callees', () => {
  const home = mkdtempSync(join(tmpdir(), 'attendant-lists-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const folder = join(home, 'agent', 'definitions');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'reminder.yaml'), REMINDER);
  writeFileSync(join(home, 'may.yaml'), YAML);
  writeFileSync(join(home, 'may.csv'), 'to\n+15550145000\n112\n');
  const config = readConfig({ ATTENDANT_HOME: home }, home);
  expect(checkFiles(config, [join(home, 'may.yaml')])).toEqual([
    `${join(home, 'may.csv')}:3: E_LIST_INVALID: to is not valid; write a number as +15550123, or sip:user@host`,
  ]);
  // As spreadsheets on Windows begin a file.
  writeFileSync(join(home, 'may.csv'), '\ufeffto\n+15550145000\n');
  expect(checkFiles(config, [join(home, 'may.yaml')])).toEqual([]);
});

it('is read from what spreadsheets write', () => {
  expect(readCsv('to;name\r\n+1;"a;b"\r\n')).toEqual([
    { line: 1, cells: ['to', 'name'] },
    { line: 2, cells: ['+1', 'a;b'] },
  ]);
  expect(readCsv('to\tname\n+1\t"a\n\nb"\n+2\t')).toEqual([
    { line: 1, cells: ['to', 'name'] },
    { line: 2, cells: ['+1', 'a\n\nb'] },
    { line: 5, cells: ['+2', ''] },
  ]);
  expect(readCsv('')).toEqual([]);
});
