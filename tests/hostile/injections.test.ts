import { describe, expect, it } from 'vitest';
import { readCaller } from '../../agent/call/caller.ts';
import { plainText, render, type TemplateContext } from '../../agent/definition/template.ts';
import { csvRow } from '../../api/cdr/csv.ts';
import { EVALUATED, injections } from './injections.ts';

const MOST = 2_048;

const context = (text: string): TemplateContext => ({
  ...{ caller_id: text, inbound_did: text, uid: 'uid-of-the-call', now: 'now-of-the-call', summary: text },
  ...{ header: { 'x-a': text }, vars: { a: text }, state: { a: text }, handover: {}, outcome: { a: text } },
  env: { HOME: 'home-of-the-worker', PATH: 'path-of-the-worker' },
});
const ALL = '{{caller_id}}|{{inbound_did}}|{{header.x-a}}|{{vars.a}}|{{state.a}}|{{outcome.a}}';

describe('200 injections', () => {
  it('are 200, each another one', () => {
    expect([injections.length, new Set(injections).size]).toEqual([200, 200]);
  });

  it('a template takes it as text', () =>
    injections.forEach((text) => {
      const { text: filled } = render(ALL, context(text));
      // eslint-disable-next-line no-control-regex -- they are what is looked for
      expect(filled).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/);
      expect(filled).not.toMatch(/of-the-(call|worker)/);
      expect(filled).not.toMatch(EVALUATED);
      expect(filled).toBe(Array.from({ length: 6 }, () => plainText(text, MOST)).join('|'));
    }));

  it('a caller who bears it everywhere is bounded text, and nothing else', () =>
    injections.forEach((text) => {
      const names = ['x-uid', 'x-vars', 'x-additional-instructions', 'x-other', 'from', text];
      const headers = Object.fromEntries(names.map((name) => [`sip.h.${name}`, text]));
      const sip = ['callID', 'callIDFull', 'phoneNumber', 'trunkPhoneNumber', 'trunkID'];
      const attributes = { ...headers, ...Object.fromEntries(sip.map((name) => [`sip.${name}`, text])) };
      const caller = readCaller(attributes, text, text);
      const texts = [caller.number, caller.name, caller.dialed, caller.trunk, caller.additionalInstructions];
      for (const one of [...texts, ...Object.entries(caller.headers).flat(), ...Object.values(caller.vars)]) {
        expect(one.length).toBeLessThanOrEqual(MOST);
        // eslint-disable-next-line no-control-regex -- they are what is looked for
        expect(one).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/);
      }
      // It stands in keys, paths and logs.
      expect(caller.uid ?? 'none').toMatch(/^[\x21-\x7e]{1,256}$/);
      expect(Object.keys(caller.vars).filter((name) => !/^[A-Za-z_]\w*$/.test(name))).toEqual([]);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    }));

  it('a spreadsheet takes it for text, in one cell', () =>
    injections.forEach((text) => {
      const row = csvRow([text, 'next']);
      expect(row.endsWith(',next\r\n')).toBe(true);
      expect(row.slice(0, -2)).not.toMatch(/[\r\n]/);
      if (!/^\s*[-+]?\d/.test(text)) expect(row).not.toMatch(/^"?\s*[=+\-@|%]/);
    }));
});
