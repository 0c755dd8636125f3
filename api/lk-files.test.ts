import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { checkFiles } from './check-files.ts';
import { checkProvisioning } from './provisioning-files.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'attendant-lk-'));
  for (const folder of ['sip-trunks', 'dispatch-rules']) mkdirSync(join(home, folder));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const config = () => readConfig({ ATTENDANT_HOME: home }, home);
const write = (folder: string, name: string, json: object) =>
  writeFileSync(join(home, folder, `${name}.json`), JSON.stringify(json));
const snake = (json: object): object =>
  JSON.parse(
    JSON.stringify(json).replace(
      /"(\w+)":/g,
      (_, key: string) => `"${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}":`,
    ),
  ) as object;

const INBOUND = { name: 'My trunk', numbers: ['+15105550100'], allowedAddresses: ['192.0.2.10'] };
const AGENTS = {
  roomConfig: { agents: [{ agentName: 'attendant', metadata: '{"agent":"sip-call-center"}' }] },
};
const INDIVIDUAL = { rule: { dispatchRuleIndividual: { roomPrefix: 'call-' } }, ...AGENTS };

/** The fields of the SIP API and of the examples in LiveKit's documentation, each with what has to come of it. */
const TRUNKS = [
  ['a number and addresses', INBOUND, {}],
  ['Krisp', { ...INBOUND, krispEnabled: true }, { krispEnabled: true }],
  ['callers', { ...INBOUND, allowedNumbers: ['+13105550100', '+17145550100'] }, {}],
  ['credentials', { name: 'My trunk', numbers: ['+15105550100'], authUsername: 'u', authPassword: 'p' }, {}],
  [
    'headers',
    { ...INBOUND, headersToAttributes: { 'X-Tier': 'tier' }, includeHeaders: 'SIP_ALL_HEADERS' },
    {},
  ],
  ['limits', { ...INBOUND, ringingTimeout: '30s', maxCallDuration: '3600s' }, { ringingTimeout: '30s' }],
  [
    'encryption',
    { ...INBOUND, mediaEncryption: 'SIP_MEDIA_ENCRYPT_REQUIRE' },
    { mediaEncryption: 'SIP_MEDIA_ENCRYPT_REQUIRE' },
  ],
  ['metadata', { ...INBOUND, metadata: '{"is_internal": true}' }, { metadata: '{"is_internal": true}' }],
] as const;

const OUTBOUND = [
  [
    'credentials',
    {
      name: 'My outbound trunk',
      address: 'my-trunk.pstn.example',
      numbers: ['+15105550100'],
      authUsername: 'u',
      authPassword: 'p',
    },
  ],
  [
    'any number',
    {
      name: 'My outbound trunk',
      address: 'my-trunk.pstn.example',
      numbers: ['*'],
      transport: 'SIP_TRANSPORT_TLS',
    },
  ],
  [
    'more',
    {
      name: 'My outbound trunk',
      address: 'a.example:5061',
      numbers: ['+1'],
      headers: { 'X-A': 'b' },
      fromHost: 'b.example',
      destinationCountry: 'us',
      mediaEncryption: 'SIP_MEDIA_ENCRYPT_ALLOW',
    },
  ],
] as const;

const RULES = [
  ['individual', INDIVIDUAL, {}],
  [
    'every field of the first kind',
    {
      name: 'My rule',
      trunkIds: [],
      hidePhoneNumber: true,
      roomPreset: 'p',
      inboundNumbers: ['+15105550100'],
      metadata: 'm',
      attributes: { key_name: 'value' },
      ...INDIVIDUAL,
    },
    { attributes: { key_name: 'value' }, hidePhoneNumber: true },
  ],
  ['a PIN', { ...AGENTS, rule: { dispatchRuleIndividual: { roomPrefix: 'call-', pin: '12345' } } }, {}],
  ['callee', { ...AGENTS, rule: { dispatchRuleCallee: { roomPrefix: 'number-', randomize: true } } }, {}],
  [
    'Krisp and encryption',
    { ...INDIVIDUAL, krispEnabled: true, mediaEncryption: 'SIP_MEDIA_ENCRYPT_ALLOW' },
    { krispEnabled: true },
  ],
] as const;

const SPELLINGS = [
  ['camelCase', (json: object) => json],
  ['snake_case', snake],
] as const;

describe.each(SPELLINGS)('what is made for lk, in %s', (_, spell) => {
  describe.each([
    ['bare', (__: string, json: object) => json],
    ['wrapped', (wrapper: string, json: object) => ({ [wrapper]: json })],
  ] as const)('%s', (___, wrap) => {
    it.each(TRUNKS)('is an inbound trunk: %s', (____, json, comes) => {
      write('sip-trunks', 'in', wrap('trunk', spell(json)));
      write('dispatch-rules', 'in', INDIVIDUAL);
      expect(checkFiles(config())).toEqual([]);
      const [trunk] = checkProvisioning(config()).provisioning.inbound;
      expect(trunk?.info.toJson()).toMatchObject({ numbers: ['+15105550100'], ...comes });
    });

    it.each(OUTBOUND)('is an outbound trunk: %s', (____, json) => {
      write('sip-trunks', 'out', wrap('trunk', spell(json)));
      expect(checkFiles(config())).toEqual([]);
      const [trunk] = checkProvisioning(config()).provisioning.outbound;
      expect(trunk?.info.toJson()).toMatchObject(json);
    });

    it.each(RULES)('is a rule: %s', (____, json, comes) => {
      write('sip-trunks', 'in', { trunk: INBOUND });
      write('dispatch-rules', 'in', wrap('dispatch_rule', spell(json)));
      expect(checkFiles(config())).toEqual([]);
      const [rule] = checkProvisioning(config()).provisioning.rules;
      expect(rule?.info.toJson()).toMatchObject({ trunkIds: ['My trunk'], ...comes });
    });
  });
});

it.each([
  ['a trunk for anyone', 'sip-trunks', { name: 'My trunk', numbers: ['+15105550100'] }, /E_TRUNK_OPEN/],
  [
    'another agent',
    'dispatch-rules',
    { ...INDIVIDUAL, roomConfig: { agents: [{ agentName: 'inbound-agent' }] } },
    /sends no agent of Attendant/,
  ],
  [
    'one room',
    'dispatch-rules',
    { ...AGENTS, rule: { dispatchRuleDirect: { roomName: 'open-room', pin: '' } } },
    /shared_room/,
  ],
] as const)('it is told why this is not taken as it is: %s', (_, folder, json, why) => {
  write('sip-trunks', 'in', INBOUND);
  write('dispatch-rules', 'in', INDIVIDUAL);
  write(folder, 'in', json);
  expect(checkFiles(config()).join('\n')).toMatch(why);
});

it('two rules for the same calls are refused, and rules that differ by number, caller or PIN are not', () => {
  write('sip-trunks', 'in', INBOUND);
  const rule = (more: object) => ({ ...INDIVIDUAL, trunkIds: ['My trunk'], ...more });
  write('dispatch-rules', 'a', rule({}));
  write('dispatch-rules', 'b', rule({ numbers: ['+15105550100'] }));
  write('dispatch-rules', 'c', rule({ inboundNumbers: ['+15105550100'] }));
  write('dispatch-rules', 'd', rule({ rule: { dispatchRuleIndividual: { roomPrefix: 'x', pin: '1' } } }));
  expect(checkFiles(config())).toEqual([]);
  write('dispatch-rules', 'e', rule({ numbers: ['+1 (510) 555-0100'] }));
  expect(checkFiles(config())).toEqual([expect.stringContaining('is for the same calls as the rule "b"')]);
});

it('a rule without trunks is for those that no other names, and for nobody else', () => {
  write('sip-trunks', 'in', INBOUND);
  write('dispatch-rules', 'a', { ...INDIVIDUAL, trunkIds: ['My trunk'] });
  write('dispatch-rules', 'b', INDIVIDUAL);
  expect(checkFiles(config())).toEqual([expect.stringContaining('no trunk is left for it')]);
});
