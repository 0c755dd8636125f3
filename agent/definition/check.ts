import { dirname } from 'node:path';
import { AttendantError } from '../../base/errors.ts';
import type { Problem } from '../../base/problem.ts';
import { Source } from '../../base/source.ts';
import { parseDefinition, readText } from './load.ts';

/** What is checked: the problems, and the agents that would answer. */
export interface Checked {
  readonly problems: readonly Problem[];
  /** Names of the definitions that are right. */
  readonly agents: ReadonlySet<string>;
}

/**
 * Checks definition files, each by itself and those of a folder against each other.
 *
 * @param elsewhere agents that are there beside these files.
 */
export function checkDefinitions(
  files: readonly string[],
  elsewhere: ReadonlySet<string> = new Set(),
): Checked {
  const problems: Problem[] = [];
  const agents = new Set<string>();
  const seen = new Map<string, string>();
  const named: { agent: string; problem: () => Problem }[] = [];
  for (const file of files) {
    let text: string;
    try {
      text = readText(file);
    } catch (error) {
      if (!(error instanceof AttendantError)) throw error;
      problems.push(unreadable(file, error));
      continue;
    }
    const parsed = parseDefinition(file, text);
    if (!parsed.definition) {
      problems.push(...parsed.problems);
      continue;
    }
    const { name } = parsed.definition;
    agents.add(name);
    const { consult_call } = parsed.definition.tools;
    for (const [destination, { agent }] of Object.entries(consult_call?.destinations ?? {}))
      named.push({
        agent,
        problem: () =>
          new Source(file, text, 'E_DEFINITION_INVALID').problem(
            ['tools', 'consult_call', 'destinations', destination, 'agent'],
            `destination ${destination}: the agent ${agent} has no definition that is right`,
            `known are ${[...agents, ...elsewhere].sort().join(', ')}`,
          ),
      });
    parsed.definition.routes.rules.forEach(({ name: rule, agent }, i) => {
      if (agent !== undefined)
        named.push({
          agent,
          problem: () =>
            new Source(file, text, 'E_DEFINITION_INVALID').problem(
              ['routes', 'rules', i, 'agent'],
              `rule ${rule}: the agent ${agent} has no definition that is right`,
              `known are ${[...agents, ...elsewhere].sort().join(', ')}`,
            ),
        });
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
  const lost = named.filter(({ agent }) => !agents.has(agent) && !elsewhere.has(agent));
  return { problems: [...problems, ...lost.map(({ problem }) => problem())], agents };
}

function unreadable(file: string, error: AttendantError): Problem {
  const reason = error.cause instanceof Error ? error.cause.message : error.message;
  return {
    file,
    line: 1,
    code: 'E_DEFINITION_INVALID',
    what: `the file cannot be read: ${reason}`,
    mend: 'check the path and its rights',
  };
}
