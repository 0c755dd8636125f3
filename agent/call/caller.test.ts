import { expect, test } from 'vitest';
import { readCaller } from './caller.ts';

const sip = {
  'sip.callID': 'SCL_1',
  'sip.callIDFull': 'a@b',
  'sip.phoneNumber': '+15551234567',
  'sip.trunkPhoneNumber': '+15550100',
};

test('a caller is read from the attributes of the SIP participant', () => {
  const caller = readCaller({ ...sip, 'sip.trunkID': 'ST_1', 'sip.h.x-uid': 'abc123' }, 'sip_1', 'Jane');
  expect(caller).toMatchObject({
    number: '+15551234567',
    name: 'Jane',
    dialed: '+15550100',
    trunk: 'ST_1',
    sip_call_id: 'a@b',
    uid: 'abc123',
    hasSipLeg: true,
  });
});

test('headers are found in any case', () => {
  expect(readCaller({ ...sip, 'sip.h.x-customer': '7' }, 'sip_1').header('X-Customer')).toBe('7');
});

test.each([
  ['a=1;b=two', { a: '1', b: 'two' }],
  ['a=1=2; b = x ', { a: '1=2', b: 'x' }],
  ['{"a":1,"b":"two","c":{"d":2}}', { a: '1', b: 'two', c: '{"d":2}' }],
  ['{"a":"x\\r\\nRefer-To: y"}', { a: 'x  Refer-To: y' }],
  ['{"a":', {}],
  ['[1]', {}],
  ['__proto__=x;a b=1;ok=1', { ok: '1' }],
])('x-vars %j gives %j', (header, vars) => {
  expect(readCaller({ ...sip, 'sip.h.x-vars': header }, 'sip_1').vars).toEqual(vars);
});

test('control characters are taken out and length is bounded', () => {
  const caller = readCaller(
    { ...sip, 'sip.h.x-additional-instructions': `a\u0000b\r\nc${'x'.repeat(10_000)}` },
    'sip_1',
  );
  expect(caller.additionalInstructions.startsWith('a b  c')).toBe(true);
  expect(caller.additionalInstructions.length).toBeLessThanOrEqual(2_048);
});

test.each(['', 'two words', 'x'.repeat(300), 'naïve'])('a uid that cannot be an id is none: %j', (uid) => {
  expect(readCaller({ ...sip, 'sip.h.x-uid': uid }, 'sip_1').uid).toBeUndefined();
});
