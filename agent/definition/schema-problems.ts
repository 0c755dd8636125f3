import type { z } from 'zod';
import type { Problem } from '../../base/problem.ts';
import { type Expected, schemaProblems as problemsOf } from '../../base/schema-problems.ts';
import type { Source } from '../../base/source.ts';
import { definitionSchema } from './definition.ts';

const DEFINITION: Expected = { schema: definitionSchema, page: 'agent/definition/definition.schema.json' };

/** What zod found in a definition, each at its line and with its mend. */
export function schemaProblems(
  source: Source,
  error: z.ZodError,
  value: unknown,
  expected: Expected = DEFINITION,
): Problem[] {
  return problemsOf(source, error, value, expected);
}
