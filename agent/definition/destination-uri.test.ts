import { expect, test } from 'vitest';
import { destinationUri } from './destination-uri.ts';

test.each([
  ['sip:billing@company.com', 'sip:billing@company.com'],
  ['SIP:desk@10.0.0.1:5080;transport=tcp', 'SIP:desk@10.0.0.1:5080;transport=tcp'],
  ['sips:a%20b@[2001:db8::1]', 'sips:a%20b@[2001:db8::1]'],
  ['sip:company.com', 'sip:company.com'],
  ['sip:+15550123@pbx.local;user=phone', 'sip:+15550123@pbx.local;user=phone'],
  ['tel:+1-555-0123', 'tel:+1-555-0123'],
  ['tel:7042;phone-context=example.com', 'tel:7042;phone-context=example.com'],
  ['+15550123', 'tel:+15550123'],
  ['2001', 'tel:2001'],
])('%s is an address', (text, uri) => {
  expect(destinationUri(text)).toBe(uri);
});

test.each([
  '',
  'billing',
  'billing@company.com',
  'http://company.com',
  'sip:',
  'sip:a b@company.com',
  'sip:x@evil.example@company.com',
  'sip:user:password@company.com',
  'sip:a@company.com?Replaces=x',
  'sip:a@company.com>\r\nX-Evil: 1',
  'sip:a@company.com,sip:b@company.com',
  '<sip:a@company.com>',
  'sip:a@company.com:0',
  'sip:a@company.com:70000',
  'sip:a@-company.com',
  'tel:',
  'tel:abc',
  '+1555012345678901',
  `sip:${'a'.repeat(600)}@company.com`,
])('%j is none', (text) => {
  expect(destinationUri(text)).toBeUndefined();
});
