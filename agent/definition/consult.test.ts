import { expect, test } from 'vitest';
import { parseDefinition } from './load.ts';

const RIGHT = `name: desk
greeting: { kind: none }
instructions: Help the caller.
tools:
  consult_call:
    destinations:
      partner:
        to: sip:ivr@partner.example
        description: Orders of the partner.
        agent: ivr-navigator
        caller_id: '{{caller_id}}'
        headers:
          X-Uid: '{{uid}}'
      number:
        to: '+15550144'
        description: Their desk.
        agent: ivr-navigator
        trunk: partners
`;

const wrong = (what: string, by: string) => {
  const text = RIGHT.replace(what, () => by);
  expect(text).not.toBe(RIGHT);
  return parseDefinition('desk.yaml', text).problems.map((problem) => `${problem.line}: ${problem.what}`);
};

test('destinations of side calls are checked like those of transfers', () => {
  expect(parseDefinition('desk.yaml', RIGHT).problems).toEqual([]);
  expect(wrong('sip:ivr@partner.example', 'ivr')).toEqual([
    '8: destination partner: "ivr" is no address',
    '8: destination partner: "ivr" cannot be dialed without a trunk',
  ]);
  expect(wrong('        trunk: partners\n', '')).toEqual([
    '15: destination number: "+15550144" cannot be dialed without a trunk',
  ]);
  expect(wrong('trunk: partners', 'trunk: partners\n        transport: tcp')).toEqual([
    '19: destination number: has trunk and transport',
  ]);
  expect(wrong("'+15550144'", 'sip:ivr@partner.example')).toEqual([
    '15: destinations partner and number have the same address',
  ]);
  expect(wrong('X-Uid:', 'Refer-To:')).toEqual(['13: the header Refer-To belongs to the SIP stack']);
  expect(wrong("'{{caller_id}}'", "'{{callerid}}'")).toEqual([
    '11: tools.consult_call.destinations.partner.caller_id: unknown variable {{callerid}}',
  ]);
  expect(wrong('        agent: ivr-navigator\n', '')).toEqual([
    '7: tools.consult_call.destinations.partner.agent is missing',
  ]);
  expect(wrong('agent: ivr-navigator', 'agent: ivr-navigator\n        method: bridge')).toEqual([
    '11: unknown key tools.consult_call.destinations.partner.method',
  ]);
});
