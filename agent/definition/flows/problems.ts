import type { Problem } from '../../../base/problem.ts';
import type { Source } from '../../../base/source.ts';
import type { Definition } from '../definition.ts';
import { fitsOne } from '../routes/pattern.ts';
import { secretStateOf } from '../state.ts';
import { ringsOf } from './rings.ts';
import type { Step, WhenInCall } from './schema.ts';

type Path = readonly (string | number)[];
type Report = (path: Path, what: string, mend: string) => void;

/** What the schema cannot say of flows: names of steps, tools, state and hours, rules that are never asked, and rules that go round in circles. */
export function flowProblems(source: Source, definition: Definition): Problem[] {
  const { flow, flows, routes } = definition;
  const problems: Problem[] = [];
  const report: Report = (path, what, mend) => problems.push(source.problem(path, what, mend));
  const steps = Object.keys(flows);
  const known = steps.length > 0 ? `use one of ${steps.join(', ')}` : 'describe it below flows:';
  const needStep = (path: Path, name: string) => {
    if (!steps.includes(name)) report(path, `there is no step ${name}`, known);
  };
  if (flow !== undefined) needStep(['flow'], flow);
  routes.rules.forEach((rule, i) => {
    // Of another agent it is checked with that one's file.
    if (rule.flow !== undefined && rule.agent === undefined)
      needStep(['routes', 'rules', i, 'flow'], rule.flow);
  });
  for (const [name, step] of Object.entries(flows)) {
    const at = ['flows', name];
    toolProblems(report, at, step, definition);
    for (const target of Object.keys(step.goto)) {
      needStep([...at, 'goto', target], target);
      if (target === name)
        report([...at, 'goto', target], `the step ${name} leads to itself`, 'take it out: the call is there');
    }
    ruleProblems(report, name, step, definition, needStep);
  }
  for (const { steps: ring, rule } of ringsOf(flows))
    report(
      ['flows', ring[0] ?? '', 'next', rule],
      `the rules go round in circles: ${ring.join(' → ')}`,
      'let one of them ask for something that the others rule out',
    );
  return problems;
}

function toolProblems(report: Report, at: Path, step: Step, { tools }: Definition): void {
  const { http, ...voiceTools } = tools;
  const enabled = [...Object.entries(voiceTools), ...Object.entries(http ?? {})]
    .filter(([, tool]) => tool?.enabled)
    .map(([name]) => name);
  (step.tools ?? []).forEach((tool, i) => {
    if (tool === 'goto_flow')
      report([...at, 'tools', i], 'goto_flow is there wherever a step has goto', 'take it out');
    else if (!enabled.includes(tool))
      report(
        [...at, 'tools', i],
        `the agent has no tool ${tool} that is enabled`,
        enabled.length > 0 ? `use one of ${enabled.join(', ')}` : 'list it below tools: of the agent',
      );
  });
}

function ruleProblems(
  report: Report,
  name: string,
  { next }: Step,
  definition: Definition,
  needStep: (path: Path, name: string) => void,
): void {
  let last: number | undefined;
  next.forEach(({ when, goto }, i) => {
    const at = ['flows', name, 'next', i];
    if (last !== undefined)
      report(
        at,
        `rule ${i + 1} of ${name} is never asked: rule ${last} before it always fits`,
        'give that one a condition, or put it last',
      );
    needStep([...at, 'goto'], goto);
    if (goto === name)
      report([...at, 'goto'], `the step ${name} leads to itself`, 'name another step, or take the rule out');
    for (const field of ['open', 'closed'] as const) {
      const hours = when[field];
      if (hours !== undefined && !Object.hasOwn(definition.routes.hours, hours))
        report(
          [...at, 'when', field],
          `there are no hours named ${hours}`,
          'list them below routes.hours, or use one of those',
        );
    }
    stateProblems(report, [...at, 'when', 'state'], when, definition);
    if (last === undefined && Object.values(when).every((condition) => condition === undefined)) last = i + 1;
  });
}

function stateProblems(report: Report, at: Path, { state }: WhenInCall, definition: Definition): void {
  const declared = definition.state;
  for (const [name, patterns] of Object.entries(state ?? {})) {
    const one = Object.hasOwn(declared, name) ? declared[name] : undefined;
    if (!one) {
      report([...at, name], `state has no ${name}`, `declare ${name} below state:`);
      continue;
    }
    if (name === secretStateOf(definition) && [patterns].flat().some((pattern) => !/^\*+$/.test(pattern)))
      report([...at, name], `${name} holds sensitive digits, which no rule may ask for`, "write '*' for any");
    const possible = one.type === 'boolean' ? [true, false] : one.enum;
    if (possible && !possible.some((value) => fitsOne(String(value), patterns)))
      report(
        [...at, name],
        `${name} is never ${[patterns].flat().join(', ')}`,
        `it is ${possible.join(', ')}`,
      );
  }
}

/** Steps that nothing in the definition leads to. */
export function lostSteps(
  { flow, flows, routes }: Definition,
  elsewhere: ReadonlySet<string> = new Set(),
): string[] {
  const reached = new Set<string>();
  const ahead = [
    flow ?? Object.keys(flows)[0],
    ...routes.rules.flatMap((rule) => (rule.agent === undefined ? [rule.flow] : [])),
    ...elsewhere,
  ];
  for (let step = ahead.pop(); ahead.length > 0 || step !== undefined; step = ahead.pop()) {
    if (step === undefined || reached.has(step) || !Object.hasOwn(flows, step)) continue;
    reached.add(step);
    ahead.push(...Object.keys(flows[step]?.goto ?? {}), ...(flows[step]?.next ?? []).map(({ goto }) => goto));
  }
  return Object.keys(flows).filter((name) => !reached.has(name));
}
