import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../load.ts';

const RIGHT = `name: desk
greeting: { kind: none }
instructions: 'Help. The tier is {{state.tier}}.'
on_exit: 'Goodbye, {{state.account}}.'
state:
  account: { type: string }
  tier: { type: string, enum: [gold, silver] }
  known: { type: boolean }
flow: identify
flows:
  identify:
    instructions: Ask for the account.
    tools: [receive_dtmf, find]
    next:
      - when: { state: { tier: gold } }
        goto: vip
      - when: { state: { account: '*' }, open: office }
        goto: menu
  menu:
    on_enter: 'One moment, {{state.account}}.'
    greeting: { kind: fixed, text: What for? }
    goto:
      vip: They complain.
  vip:
    tools: []
    on_exit: Thank you.
    next:
      - when: { state: { tier: silver } }
        goto: identify
tools:
  receive_dtmf: { store_as: account }
  send_dtmf: { enabled: false }
  http:
    find: { description: Finds them., url: 'https://api.example.com/{{state.account}}', store: { tier: tier } }
routes:
  hours: { office: [mon-fri 08:00-18:00] }
  rules:
    - name: known
      when: { headers: { X-Tier: '*' } }
      flow: menu
      state: { tier: '{{header.x-tier}}', known: true, account: 123 }
`;

const told = (text: string) =>
  parseDefinition('desk.yaml', text).problems.map(({ line, what, mend }) => `${line}: ${what}; ${mend}`);

describe('the flows of a definition', () => {
  it('are right where every name in them is known', () => expect(told(RIGHT)).toEqual([]));

  it.each([
    ['flow: identify', 'flow: identfy', '9: there is no step identfy; use one of identify, menu, vip'],
    ['      flow: menu', '      flow: lobby', '40: there is no step lobby; use one of identify, menu, vip'],
    [
      '[receive_dtmf, find]',
      '[receive_dtmf, fnd]',
      '13: the agent has no tool fnd that is enabled; use one of receive_dtmf, find',
    ],
    [
      '[receive_dtmf, find]',
      '[send_dtmf]',
      '13: the agent has no tool send_dtmf that is enabled; use one of receive_dtmf, find',
    ],
    ['tools: []', 'tools: [goto_flow]', '25: goto_flow is there wherever a step has goto; take it out'],
    ['      vip: They', '      vp: They', '23: there is no step vp; use one of identify, menu, vip'],
    [
      '      vip: They',
      '      menu: They',
      '23: the step menu leads to itself; take it out: the call is there',
    ],
    ['They complain.', 'They have {{state.tier}}.', '23: flows.menu.goto.vip: is no template'],
    ['        goto: menu', '        goto: lobby', '18: there is no step lobby; use one of'],
    [
      '        goto: menu',
      '        goto: identify',
      '18: the step identify leads to itself; name another step',
    ],
    [
      'when: { state: { tier: gold } }',
      'when: {}',
      '17: rule 2 of identify is never asked: rule 1 before it always fits; give that one a condition',
    ],
    ['open: office', 'open: offce', '17: there are no hours named offce; list them below routes.hours'],
    [
      '{ state: { tier: gold } }',
      '{ state: { teir: gold } }',
      '15: state has no teir; declare teir below state:',
    ],
    ['{ tier: gold } }', '{ tier: bronze } }', '15: tier is never bronze; it is gold, silver'],
    ['{ tier: gold } }', "{ known: 'yes' } }", '15: known is never yes; it is true, false'],
    ['{ tier: gold } }', "{ tier: 'G*' } }", undefined],
    ["'One moment, {{state.account}}.'", "'{{state.acount}}'", '20: flows.menu.on_enter: {{state.acount}}'],
    [
      "'Goodbye, {{state.account}}.'",
      "'{{handover.note}}'",
      '4: on_exit: unknown variable {{handover.note}}',
    ],
    ['tier: silver', 'tier: gold', '15: the rules go round in circles: identify → vip → identify; let one'],
    ['flow: menu\n', 'flow: menu\n      refuse: true\n', '38: the rule known refuses the call'],
    ['known: true', 'known: maybe', '41: known: must be boolean; write it as state: declares it'],
    ['known: true', "known: 'TRUE'", undefined],
    ['known: true', 'who: true', '41: state has no who; declare who below state: of the agent that answers'],
    ["'{{header.x-tier}}'", 'bronze', '41: tier: must be equal to one of the allowed values; write it as'],
    ["'{{header.x-tier}}'", "'{{state.account}}'", '41: routes.rules.0.state.tier: {{state.account}} is not'],
    ['    find: {', '    goto_flow: {', 'goto_flow: is the name of a voice tool; call it something else'],
    ['  vip:\n    tools', '  2nd:\n    tools', '24: flows.2nd is no valid name; use lower-case letters'],
    ['receive_dtmf: { store_as: account }', 'receive_dtmf: { store_as: account, sensitive: true }', 'only'],
  ])('"%s" as "%s" is told with its line and its mend', (what, by, problem) => {
    const text = RIGHT.replace(what, () => by);
    expect(text).not.toBe(RIGHT);
    if (problem === undefined) expect(told(text)).toEqual([]);
    else
      expect(told(text).join('\n')).toContain(
        problem === 'only' ? '{{state.account}} is not known' : problem,
      );
  });

  it('a rule asks of sensitive digits only whether they are there', () => {
    const secret = RIGHT.replace('store_as: account', 'store_as: account, sensitive: true')
      .replace('Goodbye, {{state.account}}.', 'Goodbye.')
      .replace('moment, {{state.account}}.', 'moment.')
      .replace(', account: 123', '');
    expect(told(secret)).toEqual([]);
    expect(told(secret.replace("{ account: '*' }", "{ account: '9*' }"))).toEqual([
      "17: account holds sensitive digits, which no rule may ask for; write '*' for any",
    ]);
  });

  it('need not be there, but where a definition names one they are', () => {
    const plain = 'name: a\ngreeting: {kind: none}\ninstructions: Help.\n';
    expect(told(plain)).toEqual([]);
    expect(told(`${plain}flow: start\n`)).toEqual(['4: there is no step start; describe it below flows:']);
  });
});
