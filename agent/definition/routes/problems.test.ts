import { expect, it } from 'vitest';
import { printProblem } from '../../../base/problem.ts';
import { parseDefinition } from '../load.ts';

const HEAD = `name: desk
greeting: {kind: none}
instructions: Help.
tools:
  transfer_call:
    destinations:
      sales: {to: "+49301", description: Sales.}
`;
const told = (routes: string) =>
  parseDefinition('desk.yaml', `${HEAD}routes:\n${routes}`).problems.map(printProblem);
const CODE = 'E_DEFINITION_INVALID';

it('routes that are right have no problems', () => {
  expect(
    told(
      '  hours: {office: [mon-fri 08:00-18:00]}\n  rules:\n  - {name: a, when: {open: office}, transfer: sales}\n  - {name: b, refuse: true}\n',
    ),
  ).toEqual([]);
});

it.for([
  [
    '  time_zone: Europe/Atlantis\n',
    `desk.yaml:9: ${CODE}: routes.time_zone: there is no time zone Europe/Atlantis; write it as Europe/Berlin or UTC`,
  ],
  [
    '  holidays: [2026-02-30]\n',
    `desk.yaml:9: ${CODE}: there is no day 2026-02-30; write it as 2026-12-25, or 12-25 for each year`,
  ],
  [
    '  holidays: [christmas]\n',
    `desk.yaml:9: ${CODE}: routes.holidays.0: "christmas" is not valid; use a day such as 2026-12-25, or 12-25 for each year`,
  ],
  [
    '  hours: {office: [9-17]}\n',
    `desk.yaml:9: ${CODE}: routes.hours.office.0: "9-17" is not valid; use hours such as mon-fri 08:00-18:00`,
  ],
  [
    '  rules:\n  - name: a\n    when: {open: offce}\n    refuse: true\n',
    `desk.yaml:11: ${CODE}: there are no hours named offce; list them below routes.hours`,
  ],
  [
    '  rules:\n  - name: a\n    when: {caller: "1*"}\n    transfer: billing\n',
    `desk.yaml:12: ${CODE}: there is no destination billing; use one of sales`,
  ],
  [
    '  rules:\n  - {name: a, refuse: true}\n  - {name: b, when: {caller: "1"}, refuse: true}\n',
    `desk.yaml:11: ${CODE}: the rule b is never asked: a before it always fits; give a a condition, or put it last`,
  ],
  [
    '  rules:\n  - {name: a, when: {caller: "1"}, refuse: true}\n  - {name: a, when: {caller: "2"}, refuse: true}\n',
    `desk.yaml:11: ${CODE}: two rules are named a; give each a name of its own`,
  ],
  [
    '  rules:\n  - name: a\n    transfer: sales\n    greeting: {kind: generated, instructions: Greet.}\n',
    `desk.yaml:12: ${CODE}: the rule a transfers at once, so that no model is asked for a greeting; use one of the kind fixed or none`,
  ],
  [
    '  rules:\n  - {name: a, when: {caller: "1"}}\n',
    `desk.yaml:10: ${CODE}: the rule a does nothing; add agent, transfer, refuse, greeting, vars, flow or state`,
  ],
  [
    '  rules:\n  - {name: a, refuse: true, vars: {x: "1"}}\n',
    `desk.yaml:10: ${CODE}: the rule a refuses the call, so nothing is said on it; take out greeting, vars, flow and state`,
  ],
  [
    '  rules:\n  - {name: a, when: {callr: "1"}, refuse: true}\n',
    `desk.yaml:10: ${CODE}: unknown key routes.rules.0.when.callr; did you mean caller?`,
  ],
  [
    '  rules:\n  - name: a\n    greeting: {kind: fixed, text: "Hello {{nobody}}"}\n',
    'routes.rules.0.greeting.text: unknown variable {{nobody}}',
  ],
] as const)('%s', ([routes, line]) => {
  expect(told(routes).join('\n')).toContain(line);
});
