import type { Problem } from '../../base/problem.ts';
import type { Source } from '../../base/source.ts';
import type { Definition } from './definition.ts';
import { dialingProblems } from './outbound-problems.ts';

/** What the schema cannot say of handoffs. */
export function handoffProblems(source: Source, { handoff: section, code }: Definition): Problem[] {
  if (!section) return [];
  const useless =
    code === undefined
      ? [
          source.problem(
            ['handoff'],
            'handoff: no function can hand a caller over, for there is no code',
            'name its file in code:, or take handoff out',
          ),
        ]
      : [];
  return [...useless, ...dialingProblems(source, 'handoff', section)];
}
