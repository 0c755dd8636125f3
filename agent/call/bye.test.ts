import { expect, test } from 'vitest';
import { byeHeaders } from './bye.ts';

const render = (template: string) => template.replace('{{uid}}', 'abc123');

test('the PBX is told what the definition chooses of the outcome, and nothing where there is nothing', () => {
  const templates = {
    'X-Reason': '{{outcome.reason}}',
    'X-Score': 'score {{ outcome.score }} of {{uid}}',
    'X-Items': '{{outcome.items}}',
    'X-Empty': '{{outcome.missing}} ',
  };
  const outcome = { reason: 'resolved', score: 5, items: ['a', { b: 1 }], other: 'not told' };
  expect(byeHeaders(templates, outcome, render)).toEqual({
    'X-Reason': 'resolved',
    'X-Score': 'score 5 of abc123',
    'X-Items': '["a",{"b":1}]',
  });
});

test('a value begins no header of its own, evaluates nothing, and is bounded', () => {
  const templates = { 'X-Note': '{{outcome.note}}' };
  const told = (note: unknown) => byeHeaders(templates, { note }, render)['X-Note'];
  expect(told('fine\r\nRefer-To: <sip:evil@example.com>\u2028x\u0000')).toBe(
    'fine  Refer-To: <sip:evil@example.com> x',
  );
  expect(told('{{uid}} {{env.SECRET}}')).toBe('{{uid}} {{env.SECRET}}');
  expect(told('x'.repeat(5_000))).toHaveLength(512);
  expect(told(null)).toBeUndefined();
});
