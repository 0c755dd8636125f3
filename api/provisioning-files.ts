import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { SIPDispatchRuleInfo, SIPInboundTrunkInfo, SIPOutboundTrunkInfo } from '@livekit/protocol';
import { AttendantError, type ErrorCode } from '../base/errors.ts';
import { filesIn, JSON_FILE } from '../base/files-in.ts';
import { stampOf } from '../base/file-version.ts';
import { printProblem, type Problem } from '../base/problem.ts';
import { readTextFile } from '../base/text-file.ts';
import type { Config } from '../config.ts';
import { type AgentOfRule, readRule } from '../dispatch-rules/rule-file.ts';
import { bindTrunks, plain, ruleConflicts } from '../dispatch-rules/rules-together.ts';
import { type PoolNumber, readNumberPool } from '../sip-trunks/number-pool.ts';
import { readTrunk } from '../sip-trunks/trunk-file.ts';
import { roomRuleFiles, roomRuleFolder } from './rooms/rule-files.ts';

/** A thing and the file that it is made from: `mark` is the file's name without folder and ending. */
interface FromFile<T> {
  readonly file: string;
  readonly mark: string;
  readonly info: T;
}

interface RuleFromFile extends FromFile<SIPDispatchRuleInfo> {
  readonly agent: AgentOfRule;
  readonly problem: (path: readonly (string | number)[], what: string, mend: string) => Problem;
}

/** All trunk and rule files of an installation, right by themselves and together. */
export interface Provisioning {
  readonly inbound: readonly FromFile<SIPInboundTrunkInfo>[];
  readonly outbound: readonly FromFile<SIPOutboundTrunkInfo>[];
  readonly rules: readonly RuleFromFile[];
  /** The numbers that may be taken over the API. */
  readonly pool: readonly PoolNumber[];
}

const FOLDERS = ['sip-trunks', 'dispatch-rules'] as const;

/**
 * Whose trunks and rules hold: a home that has a folder of either decides alone, since they say who may call. Else the shipped ones do.
 */
function baseOf({ home, root }: Config): string {
  return FOLDERS.some((folder) => existsSync(join(home, folder))) ? home : root;
}

/** The trunk and rule files that hold, each folder sorted. */
function provisioningFiles(config: Config): { trunks: string[]; rules: string[] } {
  const [trunks, rules] = FOLDERS.map((folder) => jsonFiles(join(baseOf(config), folder)));
  return { trunks: trunks ?? [], rules: rules ?? [] };
}

/** The file of the numbers that may be taken. */
export const POOL_FILE = 'numbers.yaml';
const poolFile = ({ home }: Pick<Config, 'home'>): string => join(home, POOL_FILE);

/** Whether there are rules that send agents into rooms: then a dispatch rule may leave that to them. */
export const hasRoomRules = (config: Pick<Config, 'home'>): boolean =>
  roomRuleFiles(roomRuleFolder(config)).length > 0;

/** Changes whenever one of the files does. */
export function provisioningStamp(config: Config): string {
  const { trunks, rules } = provisioningFiles(config);
  const stamps = [...trunks, ...rules, poolFile(config)].map((file) => `${file}:${stampOf(file)}`);
  return [...stamps, String(hasRoomRules(config))].join('\n');
}

/** @throws AttendantError with the code of the first problem, and every problem on a line of its own. */
export function readProvisioning(config: Config): Provisioning {
  const { provisioning, problems } = checkProvisioning(config);
  const [first] = problems;
  if (first) throw new AttendantError(first.code, problems.map(printProblem).join('\n'));
  return provisioning;
}

/** Reads all files, and tells all that is wrong in them and between them. */
export function checkProvisioning(config: Config): {
  provisioning: Provisioning;
  problems: readonly Problem[];
} {
  const files = provisioningFiles(config);
  const problems: Problem[] = [];
  const inbound: FromFile<SIPInboundTrunkInfo>[] = [];
  const outbound: FromFile<SIPOutboundTrunkInfo>[] = [];
  const rules: RuleFromFile[] = [];
  for (const file of files.trunks) {
    const read = withText(file, 'E_TRUNK_INVALID', (text) => readTrunk(file, text, config.env));
    const mark = basename(file, '.json');
    if ('problems' in read) problems.push(...read.problems);
    else if (read.trunk.direction === 'inbound') inbound.push({ file, mark, info: read.trunk.info });
    else outbound.push({ file, mark, info: read.trunk.info });
  }
  const { pool, problems: poolProblems } = readPool(config, inbound);
  // A trunk of the pool takes no number but those that it has.
  const ofPool = new Set(pool.map(({ trunk }) => trunk));
  // Whose they are is not known while the pool's own file is wrong.
  const isOpen = ({ info }: FromFile<SIPInboundTrunkInfo>) =>
    info.numbers.length > 0 || (poolProblems.length === 0 && !ofPool.has(info.name));
  problems.push(...nameConflicts(inbound), ...nameConflicts(outbound));
  problems.push(...numberConflicts(inbound.filter(isOpen)));
  problems.push(...poolProblems);
  const options = { agentless: hasRoomRules(config) };
  for (const file of files.rules) {
    const read = withText(file, 'E_RULE_INVALID', (text) => readRule(file, text, config.env, options));
    if ('problems' in read) {
      problems.push(...read.problems);
      continue;
    }
    const { info, agent, problem } = read;
    rules.push({ file, mark: basename(file, '.json'), info, agent, problem });
    // Where a trunk's own file is wrong, that is what is to be mended.
    if (problems.length > 0) continue;
    info.trunkIds.forEach((name, index) => {
      if (name.startsWith('ST_') || inbound.some((trunk) => trunk.info.name === name)) return;
      const known = inbound.map((trunk) => trunk.info.name).join(', ');
      problems.push(
        problem(
          ['trunk_ids', index],
          `no file of sip-trunks/ is named "${name}"`,
          `known are ${known || 'none'}`,
        ),
      );
    });
  }
  const open = inbound.filter(isOpen);
  if (problems.length === 0)
    problems.push(
      ...bindTrunks(
        rules,
        open.map(({ info }) => info.name),
      ),
      ...ruleConflicts(rules),
    );
  if (problems.length === 0) problems.push(...unruled(open, rules));
  return { provisioning: { inbound, outbound, rules, pool }, problems };
}

/** The numbers of the pool, and what is wrong with them by themselves and beside the trunks. */
function readPool(
  config: Config,
  inbound: readonly FromFile<SIPInboundTrunkInfo>[],
): { pool: readonly PoolNumber[]; problems: readonly Problem[] } {
  const file = poolFile(config);
  if (stampOf(file) === undefined) return { pool: [], problems: [] };
  const read = withText(file, 'E_NUMBERS_INVALID', (text) => readNumberPool(file, text));
  if (!('numbers' in read)) return { pool: [], problems: read.problems };
  const names = inbound.map(({ info }) => info.name);
  const owners = new Map(inbound.flatMap(({ info }) => info.numbers.map((one) => [plain(one), info.name])));
  const problems = read.numbers.flatMap(({ number, trunk }, index) => {
    const owner = owners.get(plain(number));
    if (!names.includes(trunk))
      return [
        read.problem(
          index,
          `${number}: no inbound trunk of sip-trunks/ is named "${trunk}"`,
          `known are ${names.join(', ') || 'none'}`,
        ),
      ];
    if (owner !== undefined)
      return [
        read.problem(
          index,
          `${number} is a number of the trunk "${owner}" already`,
          'keep it in one of the two files: there it has a rule of its own, here it can be taken',
        ),
      ];
    return [];
  });
  return { pool: read.numbers, problems: [...read.problems, ...problems] };
}

/** LiveKit lets a call ring that has a trunk but no rule, past the trunk's ringing timeout and for as long as the caller likes. */
function unruled(
  trunks: readonly FromFile<SIPInboundTrunkInfo>[],
  rules: readonly RuleFromFile[],
): Problem[] {
  const named = new Set(rules.flatMap(({ info }) => info.trunkIds));
  return trunks
    .filter(({ info }) => !named.has(info.name))
    .map(({ file, info }) => ({
      file,
      line: 1,
      code: 'E_TRUNK_INVALID',
      what: `no dispatch rule names the trunk "${info.name}": its calls would ring without end`,
      mend: 'name it in trunk_ids of a file in dispatch-rules/',
    }));
}

/** Tells the second file that has the same of something. */
function twins(): (key: string, file: string, what: string, mend: string) => Problem[] {
  const seen = new Map<string, string>();
  return (key, file, what, mend) => {
    const other = seen.get(key);
    if (other === undefined) {
      seen.set(key, file);
      return [];
    }
    return [{ file, line: 1, code: 'E_TRUNK_INVALID', what: `${what} as in ${basename(other)}`, mend }];
  };
}

/** Rules and definitions say by its name which trunk they mean. */
function nameConflicts(trunks: readonly FromFile<{ readonly name: string }>[]): Problem[] {
  const take = twins();
  return trunks.flatMap(({ file, info: { name } }) =>
    take(name, file, `the name "${name}" is the same`, 'give each trunk a name of its own'),
  );
}

/** What LiveKit would refuse, told before anything is applied. */
function numberConflicts(trunks: readonly FromFile<SIPInboundTrunkInfo>[]): Problem[] {
  const problems: Problem[] = [];
  const take = twins();
  for (const { file, info } of trunks) {
    const callers = info.allowedNumbers.length > 0 ? info.allowedNumbers : [''];
    for (const number of info.numbers.length > 0 ? info.numbers : [''])
      for (const caller of callers)
        problems.push(
          ...take(
            `${plain(number)} ${plain(caller)}`,
            file,
            number === ''
              ? 'a trunk without numbers takes every number,'
              : `the number ${number} is the same`,
            'a number belongs to one trunk; several may share it where their allowed_numbers differ',
          ),
        );
  }
  return problems;
}

/** What `read` makes of the file's text, or the problem that it cannot be read. */
export function withText<T>(
  file: string,
  code: ErrorCode,
  read: (text: string) => T,
): T | { problems: readonly Problem[] } {
  const found = readTextFile(file, code);
  return 'problem' in found ? { problems: [found.problem] } : read(found.text);
}

/** The JSON files of a folder, sorted; none where there is no folder. */
export function jsonFiles(folder: string): string[] {
  return filesIn(folder, JSON_FILE);
}
