import { describe, expect, test } from 'vitest';
import { parseDefinition } from './load.ts';

const RIGHT = `name: desk
greeting: { kind: none }
instructions: Help the caller.
state:
  account: { type: string, pattern: '^[0-9]{9}$' }
  tier: { type: string, enum: [gold, silver] }
  orders: { type: integer, minimum: 0 }
tools:
  receive_dtmf:
    store_as: account
  set_state:
    names: [tier]
  http:
    find:
      description: Finds the customer.
      url: https://api.example.com/customers/{{state.account}}
      store:
        orders: orders.count
  transfer_call:
    handover:
      reason: { type: string, maxLength: 100 }
    destinations:
      billing:
        to: sip:billing@pbx.example.com
        description: Refunds.
        headers:
          X-Account: '{{state.account}} {{handover.reason}}'
  end_dialog:
    headers:
      X-Tier: '{{state.tier}}'
`;

const wrong = (what: string | RegExp, by: string) => {
  const text = RIGHT.replace(what, () => by);
  expect(text).not.toBe(RIGHT);
  return parseDefinition('desk.yaml', text).problems.map((problem) => `${problem.line}: ${problem.what}`);
};

describe('what a call collects', () => {
  test('is declared once, and known wherever it can be', () => {
    expect(parseDefinition('desk.yaml', RIGHT).problems).toEqual([]);
    const { definition } = parseDefinition('desk.yaml', RIGHT);
    expect(definition?.state['tier']).toMatchObject({ maxLength: 256 });
  });

  test.each([
    [
      'a header names what is not declared',
      "X-Tier: '{{state.tier}}'",
      "X-Tier: '{{state.teir}}'",
      '30: tools.end_dialog.headers.X-Tier: {{state.teir}} is not known here',
    ],
    [
      'instructions name what is not declared',
      'Help the caller.',
      'Help {{state.teir}}.',
      '3: instructions: {{state.teir}} is not known here',
    ],
    [
      'an address depends on it',
      'sip:billing@',
      'sip:{{state.account}}@',
      '24: tools.transfer_call.destinations.billing.to: {{state.account}} is not known here',
    ],
    [
      'a handover says nothing of the kind',
      '{{handover.reason}}',
      '{{handover.why}}',
      '27: tools.transfer_call.destinations.billing.headers.X-Account: unknown variable {{handover.why}}',
    ],
    [
      'a BYE has no handover',
      '{{state.tier}}',
      '{{handover.reason}}',
      '30: tools.end_dialog.headers.X-Tier: unknown variable {{handover.reason}}',
    ],
    [
      'digits are kept as what is not declared',
      'store_as: account',
      'store_as: number',
      '10: tools.receive_dtmf.store_as: state has no number',
    ],
    [
      'digits are kept as a number',
      'store_as: account',
      'store_as: orders',
      '10: tools.receive_dtmf.store_as: orders is no text',
    ],
    [
      'the model may set what is not declared',
      'names: [tier]',
      'names: [level]',
      '12: tools.set_state.names.0: state has no level',
    ],
    [
      'an answer is kept as what is not declared',
      'orders: orders.count',
      'count: orders.count',
      '18: tools.http.find.store.count: state has no count',
    ],
    ['a pattern is none', "'^[0-9]{9}$'", "'[0-9'", '5: state.account.pattern: is no regular expression'],
    ['a kind is unknown', 'type: integer, minimum: 0', 'type: list', '7: state.orders.type is "list"'],
    [
      'a kind is missing',
      'type: integer, minimum: 0',
      'description: How many.',
      '7: state.orders.type is missing',
    ],
    [
      'a text has the bounds of a number',
      'enum: [gold, silver]',
      'minimum: 3',
      '6: unknown key state.tier.minimum',
    ],
    [
      'a text may be as long as a book',
      'enum: [gold, silver]',
      'maxLength: 100000',
      '6: state.tier.maxLength is too large',
    ],
    ['a name is none', 'orders: { type', '__proto__x: { type', '7: state.__proto__x is no valid name'],
  ])('%s', (_, what, by, problem) => {
    expect(wrong(what, by)).toContain(problem);
  });

  test('has few members', () => {
    const many = Array.from({ length: 33 }, (_, n) => `  more${n}: { type: boolean }\n`).join('');
    expect(wrong('state:\n', `state:\n${many}`)).toEqual(['4: state: name at most 32']);
  });

  test('that is sensitive is for HTTP tools, in whose requests it is digits, and for nobody else', () => {
    const problems = wrong('store_as: account', 'store_as: account\n    sensitive: true');
    expect(problems).toEqual([
      '28: tools.transfer_call.destinations.billing.headers.X-Account: {{state.account}} is not known here',
    ]);
    const set = RIGHT.replace('store_as: account', 'store_as: account\n    sensitive: true')
      .replace('{{state.account}} {{handover', '{{handover')
      .replace('names: [tier]', 'names: [account]');
    expect(parseDefinition('desk.yaml', set).problems.map(({ line, what }) => `${line}: ${what}`)).toEqual([
      '13: tools.set_state.names.0: account holds sensitive digits, and nothing else',
    ]);
  });
});
