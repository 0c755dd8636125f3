import { expect, it } from 'vitest';
import { discreet, SecretDigits, withoutNumbers } from './secret-digits.ts';
import type { Entry, ThreadWriter } from './entry.ts';

const SSN = '987654321';

function secret(...numbers: string[]): SecretDigits {
  const secrets = new SecretDigits();
  numbers.forEach((number) => secrets.add(number));
  return secrets;
}

it.each([
  ['It is 987654321.', 'It is •••••••••.'],
  ['It is 987-65-4321, right?', 'It is •••-••-••••, right?'],
  ['9, 8, 7, 6, 5, 4, 3, 2, 1', '•, •, •, •, •, •, •, •, •'],
  ['You typed nine, eight, seven, six, five, four, three, two, one.', 'You typed •, •, •, •, •, •, •, •, •.'],
  ['Nine eighty-seven sixty-five, forty three twenty one', '• •-• •-•, • • • •'],
  ['neun acht sieben und vier', '• • • und vier'],
  ['It ends in 4321.', 'It ends in ••••.'],
  ['Order 19876 of 2024', 'Order 1•••• of 2024'],
  ['nine, eight, seven, uh, six five and four, dash, three two one', '•, •, •, uh, • • and •, dash, • • •'],
  ['٩٨٧٦٥٤٣٢١ or ９８７６', '••••••••• or ••••'],
  ['9*8*7*6, [9][8][7], "9", "8", "7"', '•*•*•*•, [•][•][•], "•", "•", "•"'],
  ['9\u200b8\u200b7\u200b6', '•\u200b•\u200b•\u200b•'],
  ['We open at 9, and close at 18:30.', 'We open at 9, and close at 18:30.'],
  ['', ''],
])('a secret number is masked however it is written: %s', (text, shown) => {
  expect(secret(SSN).mask(text)).toBe(shown);
});

it.each([
  ['It is four double one one, triple two, three.', '41112223', 'Was it 411-12223?', 'Was it •••-•••••?'],
  ['forty-one hundred, twelve hundred', '41001200', 'It is 4100 1200.', 'It is •••• ••••.'],
])('numbers are understood as people say them: %s', (said, number, repeated, shown) => {
  const secrets = new SecretDigits();
  secrets.addAllIn(said);
  expect(secrets.mask(repeated)).toBe(shown);
  expect(secret(number).mask(said)).not.toMatch(/four|one|two|three|hundred/);
});

it('a list of single digits is read as a number', () => {
  expect(
    secret(SSN).maskAll({ a: ['9', '8', '7', '6'], b: [9, 8, 7], c: ['9', 'a', '7'], d: [1, 2] }),
  ).toEqual({
    a: ['•', '•', '•', '•'],
    b: ['•', '•', '•'],
    c: ['9', 'a', '7'],
    d: [1, 2],
  });
});

it('a number of one or two digits is no secret to look for', () => {
  expect(secret('7', '42').mask('I have 42 of 7.')).toBe('I have 42 of 7.');
});

it('a sentence that was cut off within a number keeps no part of it', () => {
  const text = 'You typed 9, 8';
  expect(secret(SSN).mask(text)).toBe(text);
  expect(secret(SSN).mask(text, { cutShort: true })).toBe('You typed •, •');
});

it('every number said while a secret one is asked for is masked', () => {
  expect(withoutNumbers('Oh, my number is one two oh 4, no, five.')).toBe('Oh, my number is • • • •, no, •.');
});

it('values within values are masked, as keys, texts and numbers', () => {
  const value = { ssn: 987654321, [SSN]: [true, null, 'a 987 654'], amount: 12.5 };
  expect(secret(SSN).maskAll(value)).toEqual({
    ssn: '•••••••••',
    '•••••••••': [true, null, 'a ••• •••'],
    amount: 12.5,
  });
});

it('a discreet thread is given no secret, whatever kind of entry it is in', () => {
  const entries: Entry[] = [];
  const at = '2026-09-08T07:06:05.432Z';
  const inner = { start: {}, append: (entry: Entry) => entries.push(entry) } as unknown as ThreadWriter;
  const secrets = secret(SSN);
  const thread = discreet(inner, secrets, { keys: true });
  const call = (args: string) => ({
    id: 'call_987654321',
    type: 'function' as const,
    function: { name: `find_${SSN}`, arguments: args },
  });
  const appended: Entry[] = [
    { kind: 'message', at, message: { role: 'user', content: `${SSN}!`, created_at: at } } as Entry,
    { kind: 'message', message: { role: 'user', content: '[pressed 1*#a]', created_at: at } },
    {
      kind: 'message',
      message: { role: 'assistant', content: 'nine, eight', interrupted: true, created_at: at },
    },
    {
      kind: 'message',
      message: {
        role: 'assistant',
        content: '',
        tool_calls: [call(`{"ssn":${SSN}}`), call(`{"ssn":"${SSN}`)],
        created_at: at,
      },
    },
    {
      kind: 'message',
      message: {
        role: 'tool',
        tool_call_id: 'call_1',
        name: 'find',
        content: `{"n":"${SSN}"}`,
        created_at: at,
      },
    },
    { kind: 'digits', collection: { digits: SSN, terminator: null, ended_by: 'count' }, at },
    {
      kind: 'transfer',
      attempt: {
        ...{ status: 'failed', cause: SSN, code: null, sip_status: null, method: 'refer' },
        ...{ to: `sip:${SSN}@pbx`, seconds: 1 },
      },
      at,
    },
    { kind: 'message', message: { role: 'system', content: `SSN ${SSN}`, created_at: at } },
    {
      kind: 'command',
      command: {
        ...{ id: 'cmd_1', kind: 'digits', by: 'key_1', arguments: { digits: SSN } },
        ...{ status: 'done', code: null },
      },
      at,
    },
    { kind: 'state', state: { ssn: SSN }, at },
    { kind: 'outcome', outcome: { notes: `SSN ${SSN}` }, at },
    { kind: 'warning', code: 'E_INTERNAL', detail: SSN, at },
    { kind: 'ended', end_reason: { result: 'completed', reason: 'end_dialog' }, at },
  ];
  appended.forEach((entry) => thread.append(entry));
  expect(entries).toHaveLength(appended.length);
  const text = JSON.stringify(entries).replaceAll('call_987654321', '').replaceAll(at, '');
  expect(text).not.toMatch(/[0-9]{3}|pressed 1|nine/);
  expect(text).toContain('[pressed ••••]');
  expect(text).toContain('{\\"ssn\\":\\"•••••••••\\"}');
  expect(entries.at(-1)).toEqual(appended.at(-1));
});
