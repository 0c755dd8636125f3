import { expect, test } from 'vitest';
import { render, type TemplateContext } from '../definition/template.ts';
import { sipHeaders } from './sip-headers.ts';

const context: TemplateContext = {
  ...{ caller_id: '+15550123', inbound_did: '', uid: 'abc123', now: '', summary: '', header: {}, vars: {} },
  ...{ state: {}, handover: {}, outcome: {}, env: { SECRET: 'never' } },
};
const headers = (templates: Record<string, string>, known: Partial<TemplateContext>) =>
  sipHeaders(templates, (template) => render(template, { ...context, ...known }).text);

test('the PBX is told what the definition chooses of state, handover and outcome, and nothing where there is nothing', () => {
  const templates = {
    'X-Reason': '{{outcome.reason}}',
    'X-Score': 'score {{ outcome.score }} of {{uid}}',
    'X-Items': '{{outcome.items}}',
    'X-Account': '{{state.account}}/{{handover.reason}}',
    'X-Empty': '{{outcome.missing}} {{state.missing}} ',
  };
  const outcome = { reason: 'resolved', score: 5, items: ['a', { b: 1 }], other: 'not told' };
  const told = headers(templates, { outcome, state: { account: '0815' }, handover: { reason: 'refund' } });
  expect(told).toEqual({
    'X-Reason': 'resolved',
    'X-Score': 'score 5 of abc123',
    'X-Items': '["a",{"b":1}]',
    'X-Account': '0815/refund',
  });
});

test('a value begins no header of its own, evaluates nothing, and is bounded', () => {
  const told = (note: unknown) => headers({ 'X-Note': '{{state.note}}' }, { state: { note } })['X-Note'];
  expect(told('fine\r\nRefer-To: <sip:evil@example.com>\u2028x\u0000')).toBe(
    'fine  Refer-To: <sip:evil@example.com> x',
  );
  expect(told('"quoted" <sip:a@b>;tag=1')).toBe('"quoted" <sip:a@b>;tag=1');
  expect(told('{{uid}} {{env.SECRET}}')).toBe('{{uid}} {{env.SECRET}}');
  expect(told('x'.repeat(10_000))).toHaveLength(512);
  expect(told(`${'x'.repeat(511)}\u{1f600}`)).toBe('x'.repeat(511));
  expect(told('\r\n')).toBeUndefined();
  expect(told(null)).toBeUndefined();
});
