import { expect, test } from 'vitest';
import { printProblem } from '../base/problem.ts';
import { readRule } from './rule-file.ts';

const RULE = {
  name: 'a',
  trunk_ids: ['local'],
  rule: { dispatchRuleIndividual: { roomPrefix: 'call' } },
  roomConfig: { agents: [{ agentName: 'attendant', metadata: '{"agent": "desk", "organization": "acme"}' }] },
};
const agents = (metadata: string) => ({ roomConfig: { agents: [{ agentName: 'attendant', metadata }] } });

function read(rule: object) {
  const result = readRule('a.json', JSON.stringify({ dispatch_rule: rule }, null, 1), {});
  return 'problems' in result ? result.problems.map(printProblem) : result;
}

test('a rule names its agent, or leaves it to what was dialed', () => {
  expect(read(RULE)).toMatchObject({ agent: { agent: 'desk', organization: 'acme' } });
  expect(read({ ...RULE, ...agents('') })).toMatchObject({ agent: {} });
});

test('a rule that does not say its name has that of its file, and one without trunks gets them elsewhere', () => {
  expect(read({ ...RULE, name: undefined, trunk_ids: undefined })).toMatchObject({
    info: { name: 'a', trunkIds: [] },
  });
});

const OWN_ROOM = 'use dispatchRuleIndividual with a roomPrefix: it gives each call a room of its own';
const SHARING = [
  ['all calls', { dispatchRuleDirect: { roomName: 'lobby' } }],
  ['all calls to a number', { dispatch_rule_callee: { room_prefix: 'x' } }],
  ['two calls from a number', { dispatchRuleIndividual: { noRandomness: true } }],
] as const;

test.each(SHARING)('where %s would share a room, the rule has to say so', (who, rule) => {
  expect(read({ ...RULE, rule })).toEqual([
    `a.json:8: E_RULE_INVALID: ${who} would share a room and hear each other; ${OWN_ROOM}; or say "shared_room": true where that is meant`,
  ]);
  expect(read({ ...RULE, rule, shared_room: 'yes' })).toHaveLength(1);
  // A room that outlived its calls would have no agent for the next one.
  const info = { roomConfig: { departureTimeout: 1 } };
  expect(read({ ...RULE, rule, shared_room: true })).toMatchObject({ info });
  expect(read({ ...RULE, rule, sharedRoom: true })).toMatchObject({ info });
});

test('a number may have a room for each call', () => {
  const rule = { dispatchRuleCallee: { roomPrefix: 'x', randomize: true } };
  expect(read({ ...RULE, rule })).toMatchObject({ info: { roomConfig: { departureTimeout: 0 } } });
});

test.each([
  [{ sipDispatchRuleId: 'SDR_x' }, 20, 'LiveKit gives the id; take sip_dispatch_rule_id out'],
  [{ rule: undefined }, 2, `the rule says nothing about rooms; ${OWN_ROOM}`],
  [
    { roomConfig: undefined },
    2,
    'the rule sends no agent of Attendant; add "roomConfig": {"agents": [{"agentName": "attendant"}]}',
  ],
  [
    agents('{"agnt": "x"}'),
    13,
    'the agent\'s metadata {"agnt": "x"} is not what Attendant reads; write it as "{\\"agent\\": \\"sip-call-center\\"}"; known are agent and organization',
  ],
  [
    agents('desk'),
    13,
    'the agent\'s metadata desk is not what Attendant reads; write it as "{\\"agent\\": \\"sip-call-center\\"}"; known are agent and organization',
  ],
  [{ ruel: {} }, 20, "unknown field ruel; use the fields of LiveKit's SIPDispatchRuleInfo"],
])('%j is refused', (part, line, told) => {
  expect(read({ ...RULE, ...part })).toEqual([`a.json:${line}: E_RULE_INVALID: ${told}`]);
});
