import { basename, dirname } from 'node:path';
import type { Problem } from '../../base/problem.ts';
import { Source } from '../../base/source.ts';
import type { Definition } from './definition.ts';
import { type Begun, begunBy, flowProblemsAcross, type Placed } from './flows/across.ts';
import { codeOf, parseDefinition, readDefinitionFile } from './load.ts';

/** What is checked: the problems, and the agents that would answer. */
export interface Checked {
  readonly problems: readonly Problem[];
  /** Names of the definitions that are right. */
  readonly agents: ReadonlySet<string>;
  /** Agents whose own files are wrong, by the names of those: that is what is to be mended, not what names them. */
  readonly broken: ReadonlySet<string>;
  /** Steps of other agents that their rules begin calls in. */
  readonly begun: readonly Begun[];
}

/**
 * Checks definition files, each by itself and those of a folder against each other.
 *
 * @param elsewhere agents that are there beside these files.
 * @param begunElsewhere steps that the rules of those name.
 */
export function checkDefinitions(
  files: readonly string[],
  elsewhere: ReadonlySet<string> = new Set(),
  begunElsewhere: readonly Begun[] = [],
): Checked {
  const problems: Problem[] = [];
  const agents = new Set<string>();
  const broken = new Set<string>();
  const seen = new Map<string, string>();
  const placed: Placed[] = [];
  const named: { agent: string; problem: () => Problem }[] = [];
  for (const file of files) {
    const read = readDefinitionFile(file);
    if ('problem' in read) {
      problems.push(read.problem);
      broken.add(agentOfFile(file));
      continue;
    }
    const { text } = read;
    const parsed = parseDefinition(file, text);
    if (!parsed.definition) {
      problems.push(...parsed.problems);
      broken.add(agentOfFile(file));
      continue;
    }
    const { problem } = codeOf(file, text, parsed.definition);
    if (problem) {
      problems.push(problem);
      broken.add(agentOfFile(file));
      continue;
    }
    const { name } = parsed.definition;
    agents.add(name);
    placed.push({ definition: parsed.definition, source: new Source(file, text, 'E_DEFINITION_INVALID') });
    for (const { agent, by, path } of agentsNamedIn(parsed.definition))
      named.push({
        agent,
        problem: () =>
          new Source(file, text, 'E_DEFINITION_INVALID').problem(
            path,
            `${by}: the agent ${agent} has no definition that is right`,
            `known are ${[...agents, ...elsewhere].sort().join(', ')}`,
          ),
      });
    // A user's own agent of a shipped one's name is meant to replace it; two in a folder are a mistake.
    const key = `${dirname(file)}\n${name}`;
    const twin = seen.get(key);
    if (twin === undefined) seen.set(key, file);
    else
      problems.push(
        new Source(file, text, 'E_DEFINITION_INVALID').problem(
          ['name'],
          `the agent ${name} is also in ${twin}`,
          'give each agent a name of its own; the first file answers',
        ),
      );
  }
  const lost = named.filter(({ agent }) => !agents.has(agent) && !elsewhere.has(agent) && !broken.has(agent));
  return {
    problems: [
      ...problems,
      ...lost.map(({ problem }) => problem()),
      ...flowProblemsAcross(placed, begunElsewhere),
    ],
    agents,
    broken,
    begun: begunBy(placed),
  };
}

/** The other agents that a definition names, each with what names it and where that stands. */
function agentsNamedIn({ tools, routes }: Definition): {
  readonly agent: string;
  readonly by: string;
  readonly path: readonly (string | number)[];
}[] {
  const destinations = Object.entries(tools.consult_call?.destinations ?? {});
  return [
    ...destinations.map(([destination, { agent }]) => ({
      agent,
      by: `destination ${destination}`,
      path: ['tools', 'consult_call', 'destinations', destination, 'agent'],
    })),
    ...routes.rules.flatMap(({ name, agent }, i) =>
      agent === undefined ? [] : [{ agent, by: `rule ${name}`, path: ['routes', 'rules', i, 'agent'] }],
    ),
  ];
}

/** The agent that a file is most likely of: files are named as their agents. */
function agentOfFile(file: string): string {
  return basename(file).replace(/\.ya?ml$/, '');
}
