import { expect, test } from 'vitest';
import { parseDefinition } from './load.ts';

const RIGHT = `name: desk
greeting: { kind: fixed, text: Hello. }
instructions: Help.
tools:
  transfer_call:
    destinations:
      people: { to: 'sip:people@pbx.example.com', description: People., method: bridge, trunk: provider }
limits:
  dialing:
    per_hour: 100
    per_caller: 3
    per_destination: 50
    per_trunk: 10
`;

test.each([
  [
    'per_caller: 3',
    'per_caller: 300',
    '11: limits.dialing.per_caller: 300 is more than per_hour allows in all',
  ],
  [
    'per_destination: 50',
    'per_destination: 101',
    '12: limits.dialing.per_destination: 101 is more than per_hour allows in all',
  ],
  [', method: bridge, trunk: provider', '', '13: limits.dialing.per_trunk: this agent dials over no trunk'],
  [
    'sip:people@pbx.example.com',
    'sip:112@pbx.example.com',
    '7: destination people: "sip:112@pbx.example.com" is an emergency number, which no agent dials',
  ],
  [
    "'sip:people@pbx.example.com'",
    "'911'",
    '7: destination people: "911" is an emergency number, which no agent dials',
  ],
  ['per_hour: 100', 'per_day: 100', '10: unknown key limits.dialing.per_day'],
])('%s as %j is told with its line', (what, by, told) => {
  expect(parseDefinition('desk.yaml', RIGHT).problems).toEqual([]);
  const { problems } = parseDefinition(
    'desk.yaml',
    RIGHT.replace(what, () => by),
  );
  expect(problems.map(({ line, what: said }) => `${line}: ${said}`)).toEqual([told]);
});

test.each(['-1', '1.5', 'many'])('a limit of %s is no limit', (value) => {
  const { problems } = parseDefinition('desk.yaml', RIGHT.replace('per_caller: 3', `per_caller: ${value}`));
  expect(problems.map(({ line }) => line)).toEqual([11]);
});

test('an agent without limits has none', () => {
  const { definition } = parseDefinition('desk.yaml', RIGHT.slice(0, RIGHT.indexOf('limits:')));
  expect(definition?.limits.dialing).toEqual({});
});
