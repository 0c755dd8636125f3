import type { Problem } from '../../../base/problem.ts';
import type { Source } from '../../../base/source.ts';
import type { Definition } from '../definition.ts';
import { startingStateProblems } from '../routes/starting-state.ts';
import { lostSteps } from './problems.ts';

/** A definition that is right by itself, where it stands. */
export interface Placed {
  readonly definition: Definition;
  readonly source: Source;
}

/** Where the rules of one agent have calls begin that another one answers. */
export interface Begun {
  readonly agent: string;
  readonly flow: string;
}

/** The steps that the rules of these definitions name of other agents. */
export function begunBy(all: readonly Placed[]): Begun[] {
  return all.flatMap(({ definition }) =>
    definition.routes.rules.flatMap(({ agent, flow }) =>
      agent === undefined || flow === undefined ? [] : [{ agent, flow }],
    ),
  );
}

/**
 * What is wrong between definitions: a rule that begins a call in a step, or with state, that the agent it names does not have; and steps that nobody
 * leads to.
 *
 * @param elsewhere steps that rules of other files name.
 */
export function flowProblemsAcross(all: readonly Placed[], elsewhere: readonly Begun[]): Problem[] {
  const begun = [...begunBy(all), ...elsewhere];
  return all.flatMap(({ definition, source }) => {
    const steps = new Set(begun.flatMap(({ agent, flow }) => (agent === definition.name ? [flow] : [])));
    const lost = lostSteps(definition, steps).map((name) =>
      source.problem(
        ['flows', name],
        `nothing leads to the step ${name}`,
        'name it in the goto or next of another step, as flow, or in a rule; or take it out',
      ),
    );
    return [...lost, ...ruleProblems({ definition, source }, all)];
  });
}

function ruleProblems({ definition, source }: Placed, all: readonly Placed[]): Problem[] {
  return definition.routes.rules.flatMap((rule, i) => {
    const answers = all.find((one) => one.definition.name === rule.agent)?.definition;
    if (!answers) return [];
    const at = ['routes', 'rules', i];
    const steps = Object.keys(answers.flows);
    const problems = startingStateProblems(source, [...at, 'state'], rule, answers);
    if (rule.flow === undefined || steps.includes(rule.flow)) return problems;
    const mend = steps.length > 0 ? `use one of ${steps.join(', ')}` : 'it has no flows: take flow out';
    return [
      ...problems,
      source.problem([...at, 'flow'], `the agent ${answers.name} has no step ${rule.flow}`, mend),
    ];
  });
}
