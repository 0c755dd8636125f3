import type { Problem } from '../../base/problem.ts';
import type { Source } from '../../base/source.ts';
import type { Definition } from './definition.ts';

/** What the schema cannot say of `limits.dialing`: limits that never take effect. */
export function dialingLimitProblems(
  source: Source,
  { limits, tools, outbound, handoff }: Definition,
): Problem[] {
  const { per_hour, per_caller, per_destination, per_trunk } = limits.dialing;
  const problems: Problem[] = [];
  const report = (field: string, what: string, mend: string) =>
    problems.push(source.problem(['limits', 'dialing', field], `limits.dialing.${field}: ${what}`, mend));
  for (const [field, most] of Object.entries({ per_caller, per_destination }))
    if (most !== undefined && per_hour !== undefined && most > per_hour)
      report(
        field,
        `${most} is more than per_hour allows in all`,
        `write ${per_hour} or less, or raise per_hour`,
      );
  const listed = [
    ...Object.values(tools.transfer_call?.destinations ?? {}),
    ...Object.values(tools.consult_call?.destinations ?? {}),
  ];
  const trunks = [...(outbound?.trunks ?? []), ...(handoff?.trunks ?? [])];
  const usesTrunk = trunks.length > 0 || listed.some(({ trunk }) => trunk !== undefined);
  if (per_trunk !== undefined && !usesTrunk)
    report(
      'per_trunk',
      'this agent dials over no trunk',
      'take it out, or name a trunk in a destination or in outbound.trunks',
    );
  return problems;
}
