import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLog } from '../../base/log.ts';
import { printProblem } from '../../base/problem.ts';
import { readConfig } from '../../config.ts';
import { checkFiles } from '../check-files.ts';
import { isFor, readRoomRule, type RoomRule, type Somebody } from './rule-file.ts';
import { openRoomRules } from './rules.ts';

function ruleOf(text: string): RoomRule {
  const read = readRoomRule('room-rules/desk.yaml', text);
  if ('problems' in read) throw new Error(read.problems.map(printProblem).join('\n'));
  return read.rule;
}

const CALLER: Somebody = {
  room: 'call-_+15550123_x',
  identity: 'sip_+15550123',
  isSip: true,
  attributes: {
    'sip.trunkID': 'ST_1',
    'sip.phoneNumber': '+15550123',
    'sip.trunkPhoneNumber': '+15550100',
    'sip.h.x-tier': 'Gold',
  },
  trunkName: 'local-number',
};
const BROWSER: Somebody = {
  room: 'lobby-1',
  identity: 'ada',
  isSip: false,
  attributes: {},
  trunkName: undefined,
};

describe('a room rule', () => {
  it.each<[when: string, isForCaller: boolean, isForBrowser: boolean]>([
    ['{}', true, false],
    ['{ kind: any, room: "*" }', true, true],
    ['{ kind: any, identity: ada }', false, true],
    ['{ room: "call-*" }', true, false],
    ['{ room: ["lobby-*", "call-*"] }', true, false],
    ['{ kind: any, room: "lobby-?" }', false, true],
    ['{ trunk: local-number }', true, false],
    ['{ trunk: ST_1 }', true, false],
    ['{ trunk: [other, ST_2] }', false, false],
    ['{ kind: any, room: "*", trunk: "*" }', true, false],
    ['{ caller: "+1 (555) 01*" }', true, false],
    ['{ caller: anonymous }', false, false],
    ['{ dialed: "+15550100" }', true, false],
    ['{ dialed: "+15550199" }', false, false],
    ['{ attributes: { sip.h.x-tier: gold } }', true, false],
    ['{ attributes: { sip.h.x-tier: gold, other: "*" } }', false, false],
  ])('with when: %s', (when, caller, browser) => {
    const rule = ruleOf(`agent: desk\nwhen: ${when}\n`);
    expect([isFor(rule, CALLER), isFor(rule, BROWSER)]).toEqual([caller, browser]);
  });

  it('is named as its file, and may bring variables and overrides', () => {
    const rule = ruleOf(
      'agent: desk\norganization: acme\nwhen: {}\nvars: { a: b }\noverrides: { limits: { silence: 3 } }\n',
    );
    expect(rule).toMatchObject({
      name: 'desk',
      organization: 'acme',
      vars: { a: 'b' },
      overrides: { limits: { silence: 3 } },
    });
  });

  it.each([
    ['when: {}', 1, 'agent is missing; write it as docs/rooms.md shows'],
    ['agent: desk', 1, 'when is missing; write it as docs/rooms.md shows'],
    [
      'agent: desk\nwhen:\n  trunks: a',
      3,
      'unknown key when.trunks; known are kind, room, identity, trunk, caller, dialed, attributes',
    ],
    [
      'agent: Desk!\nwhen: {}',
      1,
      'agent is not valid: use the name of an agent: a-z, 0-9 and hyphens; write it as docs/rooms.md shows',
    ],
    [
      'agent: desk\nwhen:\n  kind: any',
      3,
      'the rule is for anybody in any room; add when.room or when.identity',
    ],
    [
      'agent: desk\nwhen: {}\noverrides:\n  turns:\n    pauze: 1',
      5,
      'unknown key overrides.turns.pauze; known are pause, vad',
    ],
  ])('that says %j is refused', (text, line, told) => {
    const read = readRoomRule('room-rules/desk.yaml', text);
    expect('problems' in read && read.problems.map(printProblem)).toEqual([
      `room-rules/desk.yaml:${line}: E_ROOM_RULE_INVALID: ${told}`,
    ]);
  });
});

describe('the files of room rules', () => {
  const home = () => {
    const folder = mkdtempSync(join(tmpdir(), 'attendant-rules-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, 'room-rules'));
    const write = (name: string, text: string) => writeFileSync(join(folder, 'room-rules', name), text);
    return { folder, write };
  };

  it('are read in the order of their names, as they stand, and one that breaks holds as it was', () => {
    const { folder, write } = home();
    const rules = openRoomRules({ home: folder, log: createLog('test', 'silent') });
    expect(rules()).toEqual([]);
    write('b.yaml', 'agent: b\nwhen: {}\n');
    write('a.yaml', 'agent: a\nwhen: {}\n');
    expect(rules().map(({ agent }) => agent)).toEqual(['a', 'b']);
    write('a.yaml', 'agent: [broken\n');
    expect(rules().map(({ agent }) => agent)).toEqual(['a', 'b']);
    rmSync(join(folder, 'room-rules', 'b.yaml'));
    expect(rules().map(({ agent }) => agent)).toEqual(['a']);
  });

  it('are checked with everything else, beside the agents that there are', () => {
    const { folder, write } = home();
    write('a.yaml', 'agent: nobodys\nwhen: {}\n');
    write('b.yaml', 'agent: sip-call-center\nwhen: {}\n');
    const config = readConfig({ ATTENDANT_HOME: folder }, folder);
    const file = join(folder, 'room-rules', 'a.yaml');
    const told = `:1: E_ROOM_RULE_INVALID: the rule names the agent nobodys, which has no definition that is right`;
    for (const problems of [checkFiles(config), checkFiles(config, [file])]) {
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain(told);
    }
  });
});
