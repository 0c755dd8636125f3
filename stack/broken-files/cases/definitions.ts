import { beside, type Broken, cases, DEFINITION } from '../broken.ts';

export const DEFINITIONS: readonly Broken[] = [
  ...cases(
    DEFINITION,
    [{ text: '' }, '1: no agent definition: it holds no keys; begin with name: and instructions:'],
    [
      { text: '- name: desk\n' },
      '1: no agent definition: it holds no keys; begin with name: and instructions:',
    ],
    [['name: desk\n', ''], '1: name is missing; add it (string)'],
    [
      ['name: desk', 'name: The Desk'],
      '1: name: "The Desk" is not valid; use lower-case letters, digits and hyphens',
    ],
    [['kind: fixed', 'kind: spoken'], '3: greeting.kind is "spoken"; use one of generated, fixed, none'],
    [
      ['{{caller_id}}', '{{callerid}}'],
      '4: greeting.text: unknown variable {{callerid}}; known are {{caller_id}} {{inbound_did}} {{uid}} {{now}} {{summary}} {{header.x-…}} {{vars.…}} {{env.…}}',
    ],
    [
      ['{{vars.company}}', '{{env.LIVEKIT_API_SECRET}}'],
      '4: greeting.text: {{env.LIVEKIT_API_SECRET}} is a secret of Attendant itself; keep what a template needs in a variable of its own',
    ],
    [
      ['{{vars.company}}', '{{vars.company'],
      '4: greeting.text: {{ is not closed; write a variable as {{name}}; double braces stand for nothing else',
    ],
    [['temperature: 0.3', 'temperature: warm'], '11: models.llm.temperature is "warm"; write a number'],
    [
      ["pattern: '^[0-9]{9}$'", "pattern: '['"],
      '13: state.order.pattern: is no regular expression; write it like ^[0-9]{9}$',
    ],
    [
      ['store_as: order', 'store_as: ordre'],
      '17: tools.receive_dtmf.store_as: state has no ordre; declare ordre below state:, with type: string',
    ],
    [
      ['set_state: { names: [order] }', 'set_state: { names: [tier] }'],
      '18: tools.set_state.names.0: state has no tier; declare tier below state:',
    ],
    [['digits: 9\n', 'digits: 900\n'], '16: tools.receive_dtmf.digits is too large; the most is 64'],
    [
      ['https://api.example.com', 'https://{{vars.company}}'],
      '22: find_order: scheme, host and port of the url are not fixed; begin it with https://host/ or {{env.…}}/, and let nothing but {{env.…}} stand in the host',
    ],
    [
      ['https://api.example.com/orders', 'ftp://api.example.com/orders'],
      '22: find_order: scheme, host and port of the url are not fixed; begin it with https://host/ or {{env.…}}/, and let nothing but {{env.…}} stand in the host',
    ],
    [
      ['{{state.order}}', '{{args.order}}'],
      '22: tools.http.find_order.url: unknown variable {{args.order}}; known are {{state.order}} {{caller_id}} {{inbound_did}} {{uid}} {{now}} {{summary}} {{header.x-…}} {{vars.…}} {{env.…}}',
    ],
    [['timeout: 5', 'timeout: 5s'], '23: tools.http.find_order.timeout is "5s"; write a number'],
    [['timeout: 5', 'timeout: 600'], '23: tools.http.find_order.timeout is too large; the most is 60'],
    [
      ['      description: Finds an order.\n', ''],
      '20: tools.http.find_order.description is missing; add it (string)',
    ],
    [
      ['find_order:', 'Find-Order:'],
      '20: tools.http.Find-Order is no valid name; use lower-case letters, digits and underscores',
    ],
    [
      ['timeout: 5', 'method: FETCH'],
      '23: tools.http.find_order.method is "FETCH"; use one of GET, POST, PUT, PATCH, DELETE',
    ],
    [
      ['sip:complaints@pbx.example.com', 'complaints@pbx.example.com'],
      '34: destination complaints: "complaints@pbx.example.com" is no address; write sip:user@host, sips:user@host, tel:+15550123 or +15550123',
      '34: destination complaints: "complaints@pbx.example.com" cannot be dialed without a trunk; add trunk: with the name of an outbound trunk, or write sip:user@host',
    ],
    [
      ['method: warm', 'method: cold'],
      '36: tools.transfer_call.destinations.complaints.method is "cold"; use one of refer, bridge, warm',
    ],
    [
      ['fallback: [anybody]', 'fallback: [nobody]'],
      '37: destination complaints: there is no destination nobody to fall back to; use one of complaints, anybody',
    ],
    [
      ['fallback: [anybody]', 'headers: { Via: x }'],
      '37: the header Via belongs to the SIP stack; use a header that starts with X-',
    ],
    [
      ['description: Anybody.', 'description: Anybody.\n        fallback: [complaints]'],
      '37: destination complaints: its fallback anybody leads back to it; take it out: a transfer has to come to an end',
      '41: destination anybody: its fallback complaints leads back to it; take it out: a transfer has to come to an end',
    ],
    [
      ['reason: { type: string }', 'reason: { type: strnig }'],
      '45: tools.end_dialog.outcome.properties.reason.type: no valid JSON Schema: must be equal to one of the allowed values; use one of array, boolean, integer, null, number, object, string',
    ],
    [
      ['max_duration: 600', 'max_duration: -1'],
      '47: limits.max_duration is too small; it must be more than 0',
    ],
    [['    bucket: call-recordings\n', ''], '49: recording.s3.bucket is missing; add it (string)'],
    [
      ['  consent:\n', '  folder: /recordings\n  consent:\n'],
      '49: recording: folder and s3 are both given; leave one of them out',
    ],
    [
      ['secret_env: RECORDINGS_SECRET', 'secret_env: not a name'],
      '53: recording.s3.secret_env: "not a name" is not valid; use a name of a variable',
    ],
    [
      ['    secret_env: RECORDINGS_SECRET\n', ''],
      '49: recording: s3 has one of access_key_env and secret_env; give both, or neither where egress has keys of its own',
    ],
    [
      ['text: This call is recorded.', 'txt: This call is recorded.'],
      '54: recording.consent.text is missing; add it (string)',
      '55: unknown key recording.consent.txt; did you mean text?',
    ],
    [["allow: ['+1555*']", 'allow: []'], '57: outbound.allow is too small; the least is 1'],
    [
      ["allow: ['+1555*']", "allow: ['*']"],
      '57: outbound.allow: "*" is no pattern; write +15550123, +1555*, +1555???, sip:user@host or sip:*@host',
    ],
    [
      ["allow: ['+1555*']", "allow: ['+1555*', '112']"],
      '57: outbound.allow: "112" is no pattern; write +15550123, +1555*, +1555???, sip:user@host or sip:*@host',
    ],
    [
      ["'+1555*'", '1555*'],
      '57: outbound.allow: "1555*" is no pattern; write +15550123, +1555*, +1555???, sip:user@host or sip:*@host',
    ],
    [
      ['  trunks: [provider]\n', ''],
      '57: outbound.allow: "+1555*" cannot be dialed without a trunk; name an outbound trunk in outbound.trunks',
    ],
    [
      ['message: Please call us back.', 'message: "{{nobody}}"'],
      '61: outbound.machine.message: unknown variable {{nobody}}; known are {{caller_id}} {{inbound_did}} {{uid}} {{now}} {{summary}} {{header.x-…}} {{vars.…}} {{env.…}}',
    ],
    [
      ['topic: { type: string }', 'topic: { type: [] }'],
      '67: analysis.fields.properties.topic.type: no valid JSON Schema: must be equal to one of the allowed values; use one of array, boolean, integer, null, number, object, string',
    ],
    [['language: English', 'langauge: English'], '63: unknown key analysis.langauge; did you mean language?'],
    [
      ['transfer: complaints\nroutes', 'transfer: compliants\nroutes'],
      '69: trouble.transfer: there is no destination compliants; use one of complaints, anybody',
    ],
    [
      ['Europe/Berlin', 'Europe/Atlantis'],
      '71: routes.time_zone: there is no time zone Europe/Atlantis; write it as Europe/Berlin or UTC',
    ],
    [
      ['mon-fri 08:00-18:00', 'mon-fri 8-18'],
      '73: routes.hours.office.0: "mon-fri 8-18" is not valid; use hours such as mon-fri 08:00-18:00',
    ],
    [['closed: office', 'closed: offices'], '79: there are no hours named offices; use one of office'],
    [
      ['when: { headers: { X-Tier: gold } }\n', 'when: {}\n'],
      '78: the rule closed is never asked: gold before it always fits; give gold a condition, or put it last',
    ],
    [
      ['closed: office }\n      transfer: complaints', 'closed: office }\n      transfer: compliants'],
      '80: there is no destination compliants; use one of complaints, anybody',
    ],
    [['- name: closed', '- name: gold'], '78: two rules are named gold; give each a name of its own'],
    [['flow: identify', 'flow: identfy'], '81: there is no step identfy; use one of identify, advice'],
    [
      ['[receive_dtmf, find_order]', '[receive_dtmf, find_ordre]'],
      '85: the agent has no tool find_ordre that is enabled; use one of receive_dtmf, set_state, consult_call, transfer_call, end_dialog, find_order',
    ],
    [['      advice: The', '      advise: The'], '87: there is no step advise; use one of identify, advice'],
  ),
  ...beside(
    cases(
      DEFINITION,
      [
        ['        agent: aside\n', '        agent: nobody\n'],
        '30: destination partner: the agent nobody has no definition that is right; known are aside, desk',
      ],
      [
        ['agent: aside\n    - name: closed', 'agent: asides\n    - name: closed'],
        '77: rule gold: the agent asides has no definition that is right; known are aside, desk',
      ],
    ),
  ),
];
