import { expect, test } from 'vitest';
import { AttendantError } from '../../base/errors.ts';
import { permitted, targetOf } from './dialable.ts';
import { parseDefinition } from './load.ts';
import type { Outbound } from './outbound.ts';

const OUTBOUND: Outbound = {
  allow: [
    '+1555*',
    '+4930??????',
    '+491711234567',
    'sip:*@pbx.example.com',
    'sip:desk-*@[::1]:*',
    'sip:a@gw.example:5070',
    'sip:104@pbx.example.com',
    'sip:105@gw.example:*',
  ],
  never: ['+15559*', '0900*', 'sip:boss@pbx.example.com'],
  trunks: ['provider', 'backup'],
  caller_ids: ['+15550100', '+15550101'],
  headers: {},
  ring_timeout: 30,
};
const ask = (to: string, more: object = {}, outbound: Outbound | undefined = OUTBOUND) => {
  try {
    return permitted('reminder', outbound, { to, organization: 'acme', ...more });
  } catch (error) {
    if (error instanceof AttendantError && error.code === 'E_OUTBOUND_REFUSED') return 'refused';
    throw error;
  }
};

test.each([
  ['+15550123', '+15550123'],
  ['+1 (555) 012-3456', '+15550123456'],
  ['tel:+1-555-0123', '+15550123'],
  ['+4930123456', '+4930123456'],
  ['+491711234567', '+491711234567'],
  ['sip:200@pbx.example.com', 'sip:200@pbx.example.com'],
  ['sip:2000@pbx.example.com', 'sip:2000@pbx.example.com'],
  ['sip:104@pbx.example.com', 'sip:104@pbx.example.com'],
  ['sip:105@gw.example:5071', 'sip:105@gw.example:5071'],
  ['SIPS:ada@PBX.example.COM;transport=TLS', 'sips:ada@pbx.example.com;transport=tls'],
  ['sip:desk-7@[::1]:5071', 'sip:desk-7@[::1]:5071'],
  ['sip:a@gw.example:5070', 'sip:a@gw.example:5070'],
])('%s may be dialed', (to, dialed) => {
  expect(ask(to)).toMatchObject({ to: dialed });
});

test.each([
  // No pattern has them.
  '+19005550123',
  '+493012345',
  '+49301234567',
  '+4917112345678',
  'sip:100@pbx.example.com.attacker.net',
  'sip:100@attacker.net',
  'sip:100@pbx.example.com:5070',
  'sip:desk@[::1]',
  'sip:a@gw.example',
  'sip:b@gw.example:5070',
  // What is never to be.
  '+15559123456',
  'sip:0900123@pbx.example.com',
  'sip:boss@pbx.example.com',
  // Emergency numbers, also behind a digit for an outside line, or a country's code.
  ...['911', '112', '999', '000', '0911', '9112', '+1911', '+49112', '00112', '1-1-2', '110'].map(
    (user) => `sip:${user}@pbx.example.com`,
  ),
  // Short codes that are the police's in some countries, unless they are written out.
  ...['100', '101', '102', '103', '107', '108', '109', '10', '16', '161', '1-0-7'].map(
    (user) => `sip:${user}@pbx.example.com`,
  ),
  // No address at all.
  ...[
    '911',
    '112',
    '+112',
    '+1911',
    '15550123',
    '5550123',
    'desk',
    '',
    'sip:pbx.example.com',
    'https://pbx.example.com',
  ],
  ...[
    'sip:a@pbx.example.com?Replaces=x',
    'sip:a@pbx.example.com;user=phone',
    'sip:%39%31%31@pbx.example.com',
  ],
  ...[
    'sip:*72@pbx.example.com',
    'sip:a@pbx.example.com\r\nX: y',
    'sip:a@b@pbx.example.com',
    'sip:a@pbx.example.com:0',
  ],
  '+1555012٣456',
])('%j may not', (to) => {
  expect(ask(to)).toBe('refused');
});

test('who is shown and over which trunk is one of those that the definition lists', () => {
  expect(ask('+15550123')).toEqual({ to: '+15550123', trunk: 'provider', callerId: '+15550100' });
  expect(ask('+15550123', { trunk: 'backup', caller_id: '+15550101' })).toEqual({
    to: '+15550123',
    trunk: 'backup',
    callerId: '+15550101',
  });
  expect(ask('+15550123', { trunk: 'other' })).toBe('refused');
  expect(ask('+15550123', { caller_id: '+15550102' })).toBe('refused');
  expect(ask('sip:1@pbx.example.com')).toMatchObject({ trunk: undefined });
  // A trunk would take the user of an allowed address to a host of its own.
  expect(ask('sip:+19005550123@pbx.example.com', { trunk: 'provider' })).toBe('refused');
});

test('an agent without the section calls nobody, and one that says for whom nobody else', () => {
  expect(() => permitted('a', undefined, { to: '+15550123', organization: 'acme' })).toThrow(
    'no outbound section',
  );
  expect(ask('+15550123', {}, { ...OUTBOUND, organizations: ['default'] })).toBe('refused');
  expect(ask('+15550123', {}, { ...OUTBOUND, organizations: ['acme'] })).toMatchObject({ to: '+15550123' });
});

test('an address keeps nothing that could hide who is dialed', () => {
  expect(targetOf('sip:a@B.example:5061')).toEqual({
    kind: 'address',
    user: 'a',
    host: 'b.example:5061',
    uri: 'sip:a@b.example:5061',
  });
  expect(targetOf('sip:a:password@b')).toBeUndefined();
  expect(targetOf('sip:a@b;transport=udp;x=y')).toBeUndefined();
});

const RIGHT = `name: reminder
greeting: { kind: fixed, text: Hello. }
instructions: Remind people.
outbound:
  allow:
    - '+1555*'
    - 'sip:*@pbx.example.com'
  never: ['0900*']
  trunks: [provider]
  caller_ids: ['+15550100']
  headers:
    X-Uid: '{{uid}}'
`;

test.each([
  ["'+1555*'", "'555*'", '6: outbound.allow: "555*" is no pattern'],
  ["'+1555*'", "'*'", '6: outbound.allow: "*" is no pattern'],
  ["'sip:*@pbx.example.com'", "'sip:*@*'", '7: outbound.allow: "sip:*@*" is no pattern'],
  ['trunks: [provider]', 'trunks: []', '6: outbound.allow: "+1555*" cannot be dialed without a trunk'],
  ["'0900*'", "'x'", '8: outbound.never: "x" is no pattern'],
  ["'+15550100'", "'a b'", '10: outbound.caller_ids: "a b" cannot stand in a From address'],
  ['X-Uid:', 'Via:', '12: the header Via belongs to the SIP stack'],
  ['{{uid}}', '{{uidd}}', '12: outbound.headers.X-Uid: unknown variable {{uidd}}'],
  ['  trunks', '  trunk', '9: unknown key outbound.trunk'],
])('%s for %s is told with its line', (what, by, told) => {
  expect(parseDefinition('a.yaml', RIGHT).problems).toEqual([]);
  const { problems } = parseDefinition(
    'a.yaml',
    RIGHT.replace(what, () => by),
  );
  expect(problems.map((problem) => `${problem.line}: ${problem.what}`)).toEqual([told]);
});
