import { expect, test } from 'vitest';
import { parseDefinition } from './load.ts';

/** What is wrong with such destinations (YAML, two spaces deep), and in which line of them. */
function problemsOf(destinations: string): string[] {
  const before = [
    'name: a',
    'greeting: { kind: none }',
    'instructions: Help.',
    'tools:',
    '  transfer_call:',
    '    destinations:',
  ];
  const after = destinations
    .trim()
    .split('\n')
    .map((line) => `      ${line}`);
  const { problems } = parseDefinition('a.yaml', [...before, ...after].join('\n'));
  return problems.map(({ line, what }) => `${line - before.length}: ${what}`);
}

const one = (more: string) => `desk:\n  description: A desk.\n${more.replace(/^/gm, '  ')}`;

test.each([
  ['a REFER', 'to: sip:desk@company.com\nheaders: { X-Uid: "{{uid}}" }'],
  ['a REFER to a number', "to: '+15550123'"],
  [
    'a bridge to a number over a trunk',
    "to: '+15550123'\nmethod: bridge\ntrunk: out\ncaller_id: '+15550100'\nhold_music: false",
  ],
  [
    'a bridge to an address',
    'to: sip:desk@company.com\nmethod: bridge\nauth: { user_env: U, password_env: P }\ntransport: tls\nfrom_host: a.com',
  ],
  [
    'a warm one',
    "to: sips:desk@company.com\nmethod: warm\naccept: '5'\nintroduce: You are joined, {{caller_id}}.",
  ],
  ['an address of the call itself', "to: '{{header.x-desk}}'\nmethod: bridge"],
])('%s is right', (_, destination) => {
  expect(problemsOf(one(destination))).toEqual([]);
});

test.each([
  ['to: desk', ['3: destination desk: "desk" is no address']],
  ['to: https://company.com', ['3: destination desk: "https://company.com" is no address']],
  ['to: "sip:a@b\\r\\nX: y"', ['3: destination desk: "sip:a@b\r\nX: y" is no address']],
  ['to: "{{vars.a}} {{vars.b}}"', ['3: destination desk: "{{vars.a}} {{vars.b}}" is no address']],
  ["to: '+15550123'\nmethod: bridge", ['3: destination desk: "+15550123" cannot be dialed without a trunk']],
  [
    'to: tel:+15550123\nmethod: warm',
    ['3: destination desk: "tel:+15550123" cannot be dialed without a trunk'],
  ],
  [
    'to: sip:company.com\nmethod: bridge',
    ['3: destination desk: "sip:company.com" cannot be dialed without a trunk'],
  ],
  [
    'to: sip:a@b.com\ntrunk: out\nhold_music: true',
    ['4: destination desk: a REFER takes no trunk', '5: destination desk: a REFER takes no hold_music'],
  ],
  ['to: sip:a@b.com\nauth: { user_env: U, password_env: P }', ['4: destination desk: a REFER takes no auth']],
  [
    'to: sip:a@b.com\nmethod: bridge\ntrunk: out\ntransport: tcp\nfrom_host: c.com',
    ['6: destination desk: has trunk and transport', '7: destination desk: has trunk and from_host'],
  ],
  ["to: sip:a@b.com\naccept: '1'", ['4: destination desk: nobody is asked or introduced by a refer']],
  [
    'to: sip:a@b.com\nmethod: bridge\nintroduce: Hello.',
    ['5: destination desk: nobody is asked or introduced by a bridge'],
  ],
  ['to: sip:a@b.com\nheaders: { Via: x, X-A: "{{uid}}" }', ['4: the header Via belongs to the SIP stack']],
  [
    'to: sip:a@b.com\nheaders:\n  content-type: x\n  "a b": y',
    ['5: the header content-type belongs to the SIP stack', '6: "a b" is no name of a header'],
  ],
  ['to: sip:a@b.com\nheaders: { X-A: "a\\nb" }', ['4: the header X-A has more than one line']],
  ['to: sip:a@b.com\nfallback: [desk]', ['4: destination desk: its fallback desk leads back to it']],
  [
    'to: sip:a@b.com\nfallback: [nobody, constructor]',
    [
      '4: destination desk: there is no destination nobody to fall back to',
      '4: destination desk: there is no destination constructor to fall back to',
    ],
  ],
] as const)('%j: %j', (destination, told) => {
  const problems = problemsOf(one(destination));
  expect(problems).toHaveLength(told.length);
  told.forEach((start, i) => expect(problems[i]).toContain(start));
});

test('fallbacks that lead back over another destination are told at each of them', () => {
  const destinations = `
a: { to: sip:a@b.com, description: A., fallback: [b] }
b: { to: sip:b@b.com, description: B., fallback: [c] }
c: { to: sip:c@b.com, description: C., fallback: [a] }`;
  expect(problemsOf(destinations)).toEqual([
    '1: destination a: its fallback b leads back to it',
    '2: destination b: its fallback c leads back to it',
    '3: destination c: its fallback a leads back to it',
  ]);
});

test('one address twice is for fallbacks only', () => {
  const twice = (fallback: string) => `
a: { to: sip:a@b.com, description: A.${fallback} }
b: { to: sip:a@b.com, description: B., method: bridge }`;
  expect(problemsOf(twice(''))).toEqual(['2: destinations a and b have the same address']);
  expect(problemsOf(twice(', fallback: [b]'))).toEqual([]);
});
