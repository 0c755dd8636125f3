import type { Problem } from '../../../base/problem.ts';
import type { Source } from '../../../base/source.ts';
import type { Definition } from '../definition.ts';
import { isTimeZone } from './hours.ts';
import { startingStateProblems } from './starting-state.ts';

/** What the schema cannot say of routes: time zones, names of hours and destinations, and rules that can never be asked. */
export function routeProblems(source: Source, definition: Definition): Problem[] {
  const { routes, tools } = definition;
  const problems: Problem[] = [];
  const report = (path: readonly (string | number)[], what: string, mend: string) =>
    problems.push(source.problem(['routes', ...path], what, mend));
  if (!isTimeZone(routes.time_zone))
    report(
      ['time_zone'],
      `routes.time_zone: there is no time zone ${routes.time_zone}`,
      'write it as Europe/Berlin or UTC',
    );
  routes.holidays.forEach((holiday, i) => {
    if (!isDate(holiday))
      report(['holidays', i], `there is no day ${holiday}`, 'write it as 2026-12-25, or 12-25 for each year');
  });
  const destinations = Object.keys(tools.transfer_call?.destinations ?? {});
  const names = new Set<string>();
  let last: string | undefined;
  routes.rules.forEach((rule, i) => {
    const { name, when, agent, transfer, refuse, greeting } = rule;
    const at = ['rules', i] as const;
    const sets = [rule.vars, rule.state].some((values) => Object.keys(values).length > 0) || rule.flow;
    if (last !== undefined)
      report(
        at,
        `the rule ${name} is never asked: ${last} before it always fits`,
        `give ${last} a condition, or put it last`,
      );
    if (names.has(name))
      report([...at, 'name'], `two rules are named ${name}`, 'give each a name of its own');
    names.add(name);
    for (const field of ['open', 'closed'] as const) {
      const hours = when[field];
      if (hours !== undefined && !Object.hasOwn(routes.hours, hours))
        report(
          [...at, 'when', field],
          `there are no hours named ${hours}`,
          knownOr(Object.keys(routes.hours), 'list them below routes.hours'),
        );
    }
    if (transfer !== undefined && !destinations.includes(transfer))
      report(
        [...at, 'transfer'],
        `there is no destination ${transfer}`,
        knownOr(destinations, 'list it below tools.transfer_call.destinations'),
      );
    if (transfer !== undefined && greeting?.kind === 'generated')
      report(
        [...at, 'greeting'],
        `the rule ${name} transfers at once, so that no model is asked for a greeting`,
        'use one of the kind fixed or none',
      );
    if (refuse && (greeting || sets))
      report(
        at,
        `the rule ${name} refuses the call, so nothing is said on it`,
        'take out greeting, vars, flow and state',
      );
    if ([agent, transfer, refuse, greeting].every((one) => one === undefined) && !sets)
      report(
        at,
        `the rule ${name} does nothing`,
        'add agent, transfer, refuse, greeting, vars, flow or state',
      );
    // What another agent declares is in its own file.
    if (agent === undefined)
      problems.push(...startingStateProblems(source, ['routes', ...at, 'state'], rule, definition));
    if (last === undefined && Object.values(when).every((condition) => condition === undefined)) last = name;
  });
  return problems;
}

function knownOr(known: readonly string[], otherwise: string): string {
  return known.length > 0 ? `use one of ${known.join(', ')}` : otherwise;
}

/** 2026-02-30 is a day by its form only. Each year has no 29th of February, but rules may speak of it. */
function isDate(text: string): boolean {
  const date = text.length === 5 ? `2024-${text}` : text;
  const time = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date);
}
