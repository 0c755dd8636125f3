import { statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { checkDefinitions } from '../agent/definition/check.ts';
import { definitionFiles, definitionFolders } from '../agent/definition/definitions.ts';
import { systemClock } from '../base/clock.ts';
import { printProblem, type Problem, seenFromHere } from '../base/problem.ts';
import type { Config } from '../config.ts';
import { readRule } from '../dispatch-rules/rule-file.ts';
import { priceProblems, pricesFile } from '../prices/open.ts';
import { readNumberPool } from '../sip-trunks/number-pool.ts';
import { readTrunk } from '../sip-trunks/trunk-file.ts';
import { keepingProblems } from '../threads/keeping-file.ts';
import { agentsOf, isListFile, readList } from './lists/list-file.ts';
import { checkProvisioning, hasRoomRules, jsonFiles, POOL_FILE, withText } from './provisioning-files.ts';
import { roomRuleFiles, roomRuleFolder } from './rooms/rule-files.ts';
import { roomRuleProblems } from './rooms/rules.ts';

/**
 * Checks definitions and keeping.yaml (YAML), trunks and dispatch rules (JSON), the price file (`prices.yaml`) and, where they are named, lists of people to be called: the named files and folders, or all that are loaded where none is named. Paths are printed as
 * seen from the working folder.
 *
 * @returns `file:line: code: what is wrong; the mend`, a line for each problem; none when all is right.
 */
export function checkFiles(config: Config, files: readonly string[] = []): string[] {
  const problems = files.length > 0 ? namedProblems(config, files) : allProblems(config);
  return problems.map((problem) => printProblem(seenFromHere(problem)));
}

function allProblems(config: Config): Problem[] {
  const { problems, agents, broken } = checkDefinitions(definitionFolders(config).flatMap(definitionFiles));
  const checked = checkProvisioning(config);
  const lost = checked.provisioning.rules.flatMap(({ agent, problem }) =>
    agent.agent === undefined || agents.has(agent.agent) || broken.has(agent.agent)
      ? []
      : [
          problem(
            ['room_config', 'agents'],
            `the rule names the agent ${agent.agent}, which has no definition that is right`,
            `known are ${[...agents].sort().join(', ') || 'none'}`,
          ),
        ],
  );
  return [
    ...problems,
    ...checked.problems,
    ...lost,
    ...roomRuleFiles(roomRuleFolder(config)).flatMap((file) => roomRuleProblems(file, agents)),
    ...priceProblems(pricesFile(config.home)),
    ...keepingProblems(config),
  ];
}

function namedProblems(config: Config, named: readonly string[]): Problem[] {
  const files = named.flatMap((file) =>
    statSync(file, { throwIfNoEntry: false })?.isDirectory()
      ? [...definitionFiles(file), ...jsonFiles(file)]
      : [file],
  );
  const isJson = (file: string) => file.endsWith('.json');
  const isPrices = (file: string) => basename(file) === basename(pricesFile(''));
  const isPool = (file: string) => basename(file) === POOL_FILE;
  const isKeeping = (file: string) => basename(file) === 'keeping.yaml';
  const isRoomRule = (file: string) => basename(dirname(resolve(file))) === basename(roomRuleFolder(config));
  const isOther = [isJson, isPrices, isKeeping, isPool, isRoomRule, isListFile];
  const loaded = checkDefinitions(definitionFolders(config).flatMap(definitionFiles));
  return [
    ...checkDefinitions(
      files.filter((file) => !isOther.some((is) => is(file))),
      loaded.agents,
      loaded.begun,
    ).problems,
    ...files.filter(isRoomRule).flatMap((file) => roomRuleProblems(file, loaded.agents)),
    ...files.filter(isJson).flatMap((file) => jsonProblems(file, config)),
    ...files.filter(isPrices).flatMap(priceProblems),
    ...files.filter(isKeeping).flatMap((file) => keepingProblems(config, file)),
    ...files.filter(isPool).flatMap(poolProblems),
    ...files.filter(isListFile).flatMap((file) => listProblems(file, config)),
  ];
}

function jsonProblems(file: string, config: Config): readonly Problem[] {
  const read = withText(file, 'E_TRUNK_INVALID', (text) => {
    const isRule = /"(dispatch_rule|dispatchRule|rule|trunk_ids|trunkIds)"\s*:/.test(text);
    const options = { agentless: hasRoomRules(config) };
    return isRule ? readRule(file, text, config.env, options) : readTrunk(file, text, config.env);
  });
  return 'problems' in read ? read.problems : [];
}

function listProblems(file: string, config: Config): readonly Problem[] {
  const read = readList(file, { agentOf: agentsOf(config), now: systemClock.now() });
  return 'problems' in read ? read.problems : [];
}

function poolProblems(file: string): readonly Problem[] {
  return withText(file, 'E_NUMBERS_INVALID', (text) => readNumberPool(file, text)).problems;
}
