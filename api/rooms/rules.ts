import { stampOf } from '../../base/file-version.ts';
import { printProblem, type Problem } from '../../base/problem.ts';
import type { Log } from '../../base/log.ts';
import { withText } from '../provisioning-files.ts';
import { roomRuleFiles, roomRuleFolder } from './rule-files.ts';
import { readRoomRule, type ReadRoomRule, type RoomRule } from './rule-file.ts';

const read = (file: string): ReadRoomRule =>
  withText(file, 'E_ROOM_RULE_INVALID', (text) => readRoomRule(file, text));

/** What is wrong with a rule file by itself, and beside the agents that there are. */
export function roomRuleProblems(file: string, agents: ReadonlySet<string>): readonly Problem[] {
  const found = read(file);
  if ('problems' in found) return found.problems;
  const { rule, problem } = found;
  if (agents.has(rule.agent)) return [];
  const known = [...agents].sort().join(', ') || 'none';
  return [
    problem(
      ['agent'],
      `the rule names the agent ${rule.agent}, which has no definition that is right`,
      `known are ${known}`,
    ),
  ];
}

/** The rules as their files stand now. A file that was edited into something broken holds as it was before. */
export function openRoomRules({ home, log }: { home: string; log: Log }): () => readonly RoomRule[] {
  let known = new Map<string, { stamp: string; rule: RoomRule | undefined }>();
  return () => {
    const files = roomRuleFiles(roomRuleFolder({ home }));
    known = new Map(
      files.flatMap((file) => {
        const before = known.get(file);
        const stamp = stampOf(file);
        if (stamp === undefined) return [];
        if (before?.stamp === stamp) return [[file, before] as const];
        const found = read(file);
        if ('rule' in found) return [[file, { stamp, rule: found.rule }] as const];
        const [first] = found.problems;
        const goesOn = before?.rule ? 'a room rule is wrong; it holds as it was' : 'a room rule is wrong';
        log.warn({ code: 'E_ROOM_RULE_INVALID', problem: first && printProblem(first) }, goesOn);
        return [[file, { stamp, rule: before?.rule }] as const];
      }),
    );
    return [...known.values()].flatMap(({ rule }) => rule ?? []);
  };
}
