import { beside, type Broken, cases, NUMBERS, PROVIDER, RULE, TRUNK } from '../broken.ts';

/** Trunks, dispatch rules and the numbers that can be taken. */
export const TELEPHONY: readonly Broken[] = [
  ...cases(
    TRUNK,
    [{ text: '' }, '1: no valid JSON: Unexpected end of JSON input; mend the JSON at this line'],
    [{ text: '[]' }, '1: the file holds no object; begin with {'],
    [
      ['"numbers": ["+15550100"],', '"numbers": ["+15550100"]'],
      "4: no valid JSON: Expected ',' or '}' after property value; mend the JSON at this line",
    ],
    [
      ['"numbers"', "'numbers'"],
      '4: no valid JSON: Expected double-quoted property name; mend the JSON at this line',
    ],
    [
      ['"name"', '// a comment\n    "name"'],
      "3: no valid JSON: Expected property name or '}'; mend the JSON at this line",
    ],
    [['"numbers": ["+15550100"],', '"name": "twice",'], '4: Map keys must be unique; keep one of them'],
    [['"numbers"', '"nubmers"'], "4: unknown field nubmers; use the fields of LiveKit's SIPInboundTrunkInfo"],
    [
      ['["+15550100"]', '"+15550100"'],
      '4: numbers cannot be read: "+15550100"; write it as LiveKit\'s JSON does: durations like "8s", enums by name',
    ],
    [['+15550100', '+1 555 0100'], '4: "+1 555 0100" is no number; write it like +15550100'],
    [['["+15550100"]', '["+15550100", "+15550100"]'], '4: +15550100 is there twice; keep one of them'],
    [
      ['192.0.2.10', 'pbx.example.com'],
      '5: "pbx.example.com" is no IP address and no CIDR; write an address: LiveKit compares names with the From header, where anyone can write them',
    ],
    [
      ['192.0.2.10', '192.0.2.10/64'],
      '5: "192.0.2.10/64" is no IP address and no CIDR; write an address: LiveKit compares names with the From header, where anyone can write them',
    ],
    [
      ['    "auth_username": "pbx",\n', ''],
      '6: auth_username and auth_password go together; add the other one',
    ],
    [
      ['PBX_PASSWORD', 'PBX_PASSWORT'],
      '7: the variable PBX_PASSWORT is not set; set it in the environment or in .env.local',
    ],
    [
      ['"name": "number"', '"name": "ST_number"'],
      '3: a name that starts with ST_ reads as an id; choose another name',
    ],
    [
      ['"name": "number"', '"name": "pool"'],
      'sip-trunks/pool.json:1: E_TRUNK_INVALID: the name "pool" is the same as in number.json; give each trunk a name of its own',
    ],
    [
      ['"name": "number",', '"name": "number", "sip_trunk_id": "ST_1",'],
      '3: LiveKit gives the id; take sip_trunk_id out of the file',
    ],
    [
      ['"name": "number",', '"name": "number", "ringing_timeout": 8,'],
      '3: ringing_timeout cannot be read: 8; write it as LiveKit\'s JSON does: durations like "8s", enums by name',
    ],
    [
      { text: '{ "trunk": { "name": "number" } }\n' },
      '1: E_TRUNK_OPEN: the trunk "number" would accept calls from anyone; give it allowed_addresses or auth_username and auth_password, or say "insecure": true',
    ],
    [
      { text: '{ "trunk": { "name": "number", "allowed_addresses": ["0.0.0.0/0"] } }\n' },
      '1: E_TRUNK_OPEN: the trunk "number" would accept calls from anyone; give it allowed_addresses or auth_username and auth_password, or say "insecure": true',
    ],
    [
      'gone',
      'dispatch-rules/number.json:4: E_RULE_INVALID: no file of sip-trunks/ is named "number"; known are pool',
    ],
  ),
  ...cases(
    PROVIDER,
    [
      ['"numbers"', '"nubmers"'],
      "5: unknown field nubmers; use the fields of LiveKit's SIPOutboundTrunkInfo",
    ],
    [
      ['"numbers": ["+15550100"]', '"auth_username": "acme"'],
      '5: auth_username and auth_password go together; add the other one',
    ],
  ),
  ...cases(
    RULE,
    [['["number"]', '["numbr"]'], '4: no file of sip-trunks/ is named "numbr"; known are number, pool'],
    [
      ['dispatchRuleIndividual', 'dispatchRuleDirect'],
      "5: unknown field roomPrefix; use the fields of LiveKit's SIPDispatchRuleInfo",
    ],
    [
      ['roomPrefix', 'roomprefix'],
      "5: unknown field roomprefix; use the fields of LiveKit's SIPDispatchRuleInfo",
    ],
    [
      ['"attendant"', '"atendant"'],
      '7: the rule sends no agent of Attendant; add "roomConfig": {"agents": [{"agentName": "attendant"}]}',
    ],
    [
      ['\\"agent\\": \\"desk\\"', '\\"agnet\\": \\"desk\\"'],
      '7: the agent\'s metadata {"agnet": "desk"} is not what Attendant reads; write it as "{\\"agent\\": \\"sip-call-center\\"}"; known are agent and organization',
    ],
    [
      ['{\\"agent\\": \\"desk\\"}', 'desk'],
      '7: the agent\'s metadata desk is not what Attendant reads; write it as "{\\"agent\\": \\"sip-call-center\\"}"; known are agent and organization',
    ],
    [
      'gone',
      'sip-trunks/number.json:1: E_TRUNK_INVALID: no dispatch rule names the trunk "number": its calls would ring without end; name it in trunk_ids of a file in dispatch-rules/',
    ],
  ),
  ...cases(
    NUMBERS,
    [{ text: 'none\n' }, '1: the file is "none"; write keys below it'],
    [
      ["'+15557654321'", '5557654321'],
      '2: numbers.0.number is 5557654321; write a text; quote it where it looks like a number or true',
    ],
    [
      ["'+15557654321'", '+15557654321'],
      '2: numbers.0.number is 15557654321; write a text; quote it where it looks like a number or true',
    ],
    [["'+15557654322'", "'+15557654321'"], '3: +15557654321 is there twice; keep one of them'],
    [
      ["'+15557654321'", "'+15550100'"],
      '2: +15550100 is a number of the trunk "number" already; keep it in one of the two files: there it has a rule of its own, here it can be taken',
    ],
    [
      ['region: north, trunk: pool', 'region: North, trunk: pool'],
      '2: numbers.0.region: "North" is not valid; use lower-case letters, digits and hyphens',
    ],
    [
      ['region: north, trunk: pool', 'trunk: pol'],
      '2: +15557654321: no inbound trunk of sip-trunks/ is named "pol"; known are number, pool',
    ],
    [
      ['region: north, trunk: pool', 'trnuk: pool'],
      '2: numbers.0.trunk is missing; add it (string)',
      '2: unknown key numbers.0.trnuk; known are number, region, trunk, organizations',
    ],
  ),
  ...beside(
    cases(RULE, [
      ['\\"desk\\"', '\\"desc\\"'],
      '7: the rule names the agent desc, which has no definition that is right; known are aside, desk',
    ]),
  ),
];
