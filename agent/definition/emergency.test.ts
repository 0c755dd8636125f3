import { expect, test } from 'vitest';
import { isEmergency, isShortCode } from './emergency.ts';

test.each([
  ...['112', '911', '999', '000', '110', '15', '18', '9112', '0911', '+49112', '+1911', '00112'],
  ...[
    'tel:112',
    'tel:+1-911',
    'tel:9.1.1;phone-context=+1',
    'sip:911@pbx.example.com',
    'SIPS:112@[::1]:5061',
  ],
  ...['sip:911;phone-context=x@pbx', 'sip:%39%31%31@pbx', 'sip:1-1-2@pbx', 'sip:911:secret@pbx', 'sip:112'],
])('%s is an emergency number', (address) => {
  expect(isEmergency(address)).toBe(true);
});

test.each([
  '+15550112',
  'tel:+4930110',
  'sip:desk112@pbx',
  'sip:5120@pbx',
  '100',
  'sip:200@pbx',
  '',
  'sip:%zz@pbx',
])('%j is none', (address) => {
  expect(isEmergency(address)).toBe(false);
});

test.each([
  ...Array.from({ length: 10 }, (_, i) => `10${i}`),
  ...['tel:107', 'sip:108@pbx', '+36107', '10', '161', 'sip:1-0-7@pbx'],
])('%s may be one, depending on the country', (address) => {
  expect(isShortCode(address)).toBe(true);
});

test.each(['200', '1000', 'sip:1234@pbx', '+15550100', 'desk', '1'])(
  '%s is no such short code',
  (address) => {
    expect(isShortCode(address)).toBe(false);
  },
);
