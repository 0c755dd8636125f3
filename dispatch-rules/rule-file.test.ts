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

const OWN_ROOM = 'use dispatchRuleIndividual with a roomPrefix: it gives each call a room of its own';

test.each([
  [
    { trunk_ids: undefined },
    2,
    'the rule has no trunk_ids: it would take calls from anyone, without any trunk; add "trunk_ids" with the names of trunks in sip-trunks/',
  ],
  [{ name: undefined }, 2, 'the rule has no name; add "name", so that a person can tell it from others'],
  [{ sipDispatchRuleId: 'SDR_x' }, 20, 'LiveKit gives the id; take sip_dispatch_rule_id out'],
  [{ rule: undefined }, 2, `the rule says nothing about rooms; ${OWN_ROOM}`],
  [{ rule: { dispatchRuleDirect: { roomName: 'lobby' } } }, 8, `all calls would share a room; ${OWN_ROOM}`],
  [
    { rule: { dispatch_rule_callee: { room_prefix: 'x' } } },
    8,
    `all calls to a number would share a room; ${OWN_ROOM}`,
  ],
  [
    { rule: { dispatchRuleIndividual: { noRandomness: true } } },
    8,
    `two calls of a number would share a room; ${OWN_ROOM}`,
  ],
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
