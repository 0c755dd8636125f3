import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../base/errors.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** The cells of every row of four: symptom, cause, mend, code. */
const ROWS = [...read('docs/troubleshooting.md').matchAll(/^\| (.*) \|$/gm)]
  .map(([, row = '']) => row.split(' | '))
  .filter((cells) => cells.length === 4 && cells[0] !== 'symptom');

/** What people come with, and the code that they find where it has one. */
const SYMPTOMS = [
  [/^tool not enabled/, /E_TOOL_ARGUMENTS/],
  [/^no digits/, /SIP 405/],
  [/^partial digits/, /ended_by: timeout/],
  [/^unconfirmed digits/, /confirmed: false/],
  [/^transfer fails on a bad URI/, /not_found/],
  [/wrong destination/, /E_DESTINATION_UNKNOWN/],
  [/^loop/, /loop/],
  [/^REFER unsupported/, /refer_unsupported/],
  [/^405 .*take back and transfer/, /SIP 405/],
  [/call never ends/, /max_duration/],
  [/ends too early/, /silence/],
  [/missing or partial outcome/, /incomplete outcome/],
  [/^UID mismatch/, /E_THREAD_NOT_FOUND/],
  [/^duplicate UID/, /none/],
  [/^empty history/, /E_DEFINITION_NOT_FOUND/],
  [/^407 .*credentials or realm$/, /SIP 407/],
  [/^firewall/, /SIP 408/],
  [/^answered but no audio, with PCMU and PCMA/, /caller_hung_up/],
  [/^silence while ringing/, /SIP 180/],
] as const;

describe('docs/troubleshooting.md', () => {
  it.each(SYMPTOMS)('%s has a row with its cause, its mend and its code', (symptom, code) => {
    const found = ROWS.filter(([cell = '']) => symptom.test(cell));
    expect(found).toHaveLength(1);
    for (const cell of found[0] ?? []) expect(cell.trim()).not.toBe('');
    expect(found[0]?.[3]).toMatch(code);
  });

  it('names codes that there are: in the table of errors, on threads, or in SIP', () => {
    const source = [
      'agent/call/transfer/result.ts',
      'agent/call/room.ts',
      'agent/call/call-agent.ts',
      'agent/call/conversation.ts',
      'agent/call/silence.ts',
      'agent/call/patience.ts',
      'agent/tools/end-dialog.ts',
      'threads/entry.ts',
    ]
      .map(read)
      .join('\n');
    const unknown = ROWS.flatMap(([, , , code = '']) =>
      [...code.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    ).filter((name) => {
      if (/^E_/.test(name)) return !Object.hasOwn(ERRORS, name);
      const [field = '', value] = name.split(': ');
      const word = value === undefined || /^(""|false)$/.test(value) ? field : value;
      return !new RegExp(`\\b${word}\\b`).test(source);
    });
    expect(unknown).toEqual([]);
    for (const [, status] of ROWS.join('\n').matchAll(/\bSIP (\d{3})\b/g))
      expect(Number(status)).toSatisfy((one: number) => one >= 100 && one < 700);
  });
});
