import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../base/log.ts';
import { type Config, readConfig } from '../config.ts';
import { explainRoute } from './explain-route.ts';

const DESK = `name: desk
greeting: {kind: none}
instructions: Help.
tools:
  transfer_call:
    destinations:
      sales: {to: "+49301", description: Sales.}
routes:
  hours: {office: [mon-fri 08:00-18:00]}
  rules:
  - {name: nuisance, when: {caller: "+1900*"}, refuse: true}
  - {name: vip, when: {headers: {X-Tier: gold}}, agent: vip-desk, vars: {level: high}}
  - {name: back, when: {vars: {back: "yes"}}, agent: stepwise, flow: menu, state: {tier: "{{vars.tier}}", level: 3}}
  - {name: night, when: {closed: office}, transfer: sales, greeting: {kind: fixed, text: Wait.}}
`;
const VIP = 'name: vip-desk\ngreeting: {kind: none}\ninstructions: Help.\n';
const STEPWISE = `name: stepwise
greeting: {kind: none}
instructions: Help.
state: {tier: {type: string}}
flows: {start: {goto: {menu: Always.}}, menu: {}}
`;
const LOG = createLog('test', 'silent');

let home = '';
let config: Config;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'attendant-routes-'));
  const write = (path: string, text: string) => {
    mkdirSync(join(home, path, '..'), { recursive: true });
    writeFileSync(join(home, path), text);
  };
  write('agent/definitions/desk.yaml', DESK);
  write('agent/definitions/vip-desk.yaml', VIP);
  write('agent/definitions/stepwise.yaml', STEPWISE);
  const trunk = { name: 'carrier', numbers: ['+4930555'], allowed_addresses: ['192.0.2.1'] };
  write('sip-trunks/carrier.json', JSON.stringify({ trunk }));
  const rule = {
    name: 'desk',
    trunk_ids: ['carrier'],
    rule: { dispatchRuleIndividual: { roomPrefix: 'call' } },
    roomConfig: { agents: [{ agentName: 'attendant', metadata: '{"agent": "desk"}' }] },
  };
  write('dispatch-rules/desk.json', JSON.stringify({ dispatch_rule: rule }));
  config = readConfig({ ATTENDANT_HOME: home }, home);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const CALL = { from: '+4912', to: '+4930555', headers: {}, vars: {}, at: Date.parse('2026-11-25T09:00:00Z') };
const BY =
  '+4930555 comes by the trunk carrier and the dispatch rule desk, to desk (the agent that the rule names)';

it('says by which trunk and rule a call comes, what each rule says to it, and who answers', async () => {
  expect(await explainRoute(config, { ...CALL, headers: { 'x-TIER': 'gold' } }, LOG)).toEqual([
    BY,
    'the rules of the agent desk, at 2026-11-25T09:00:00.000Z:',
    '  nuisance: no: caller "+4912" is none of +1900*',
    '  vip: yes: all of it holds',
    'the agent vip-desk answers',
    '{{vars.level}} is high unless the call says else',
  ]);
});

it.for([
  [{}, ['the agent desk answers']],
  [{ from: '+19001' }, ['the call is refused with 486']],
  [
    { at: Date.parse('2026-11-25T20:00:00Z') },
    ['the agent desk answers, greeting as the rule night says', 'then it transfers the caller to sales'],
  ],
  [{ agent: 'stepwise' }, ['the agent stepwise answers', 'in the step start']],
  [
    { vars: { back: 'yes' } },
    [
      'the agent stepwise answers',
      'in the step menu, as the rule back says',
      '{{state.tier}} is {{vars.tier}}',
      '{{state.level}} is 3, which stepwise does not declare: it is not kept',
    ],
  ],
  [{ agent: 'vip-desk' }, ['the agent vip-desk has no rules', 'the agent vip-desk answers']],
  [{ to: '+4940' }, ['no trunk takes +4940: LiveKit SIP refuses the call with 486']],
] as const)('of %o: %o', async ([more, last]) => {
  const lines = await explainRoute(config, { ...CALL, ...more }, LOG);
  expect(lines.slice(-last.length)).toEqual(last);
});

it('names an agent that is not there', async () => {
  await expect(explainRoute(config, { ...CALL, agent: 'nobody' }, LOG)).rejects.toThrow(
    expect.objectContaining({ code: 'E_DEFINITION_NOT_FOUND' }) as Error,
  );
});

it('asks the code of the agent before its rules, and goes on with them where it fails', async () => {
  const write = (file: string, text: string) => writeFileSync(join(home, 'agent/definitions', file), text);
  write('coded.yaml', `${DESK.replace('name: desk', 'name: coded')}code: coded.ts\n`);
  write(
    'coded.ts',
    `import { defineAgent } from 'attendant';
    export const agent = defineAgent({ route: (caller) => {
      if (caller.number === '+491') return { agent: 'vip-desk', vars: { level: caller.headers.get('x-tier') ?? '' } };
      if (caller.number === '+492') throw new Error('no list');
      return caller.number === '+493' ? { transfer: 'nowhere' } : undefined;
    } });`,
  );
  const ask = (from: string) =>
    explainRoute(config, { ...CALL, agent: 'coded', from, headers: { 'X-Tier': 'gold' } }, LOG);
  expect(await ask('+491')).toEqual([
    'the code of coded says {"agent":"vip-desk","vars":{"level":"gold"}}',
    'the agent vip-desk answers',
    '{{vars.level}} is gold unless the call says else',
  ]);
  const [failed, ...rules] = await ask('+492');
  expect(failed).toMatch(/E_CODE_FAILED: .*coded\.ts:4: no list\), so its rules are asked$/);
  expect(rules.join()).toContain('vip: yes: all of it holds');
  expect((await ask('+493'))[0]).toMatch(/E_CODE_RESULT: route\(\) names a destination nowhere/);
  expect((await ask('+494'))[0]).toBe('the code of coded says nothing, so its rules are asked');
});
