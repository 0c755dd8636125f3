import { Ajv, type ErrorObject } from 'ajv';
import type { Problem } from '../../base/problem.ts';
import type { Source } from '../../base/source.ts';

type Path = readonly (string | number)[];

/** What is wrong with a JSON Schema (draft-07) that stands in a definition as a tool's parameters. */
export function jsonSchemaProblems(
  source: Source,
  path: Path,
  schema: Readonly<Record<string, unknown>>,
  words: { isNoObject: string },
): Problem[] {
  const wrong = (at: Path, what: string, mend: string) => [
    source.problem([...path, ...at], `${[...path, ...at].join('.')}: ${what}`, mend),
  ];
  if (schema['type'] !== 'object')
    return wrong(['type'], words.isNoObject, 'write type: object, and what it holds under properties:');
  if (schema['$async'] !== undefined) return wrong(['$async'], 'is no JSON Schema', 'take $async out');
  const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false, logger: false });
  try {
    if (!ajv.validateSchema(schema)) {
      // Of several errors at a place, the one that lists what is allowed says most.
      const places = new Map<string, ErrorObject>();
      for (const error of ajv.errors ?? [])
        if (!places.has(error.instancePath) || error.keyword === 'enum')
          places.set(error.instancePath, error);
      return [...places.values()].slice(0, 5).flatMap((error) => {
        const at = error.instancePath.split('/').slice(1).map(unescapePointer);
        const known = (error.params as { allowedValues?: unknown[] }).allowedValues;
        return wrong(
          at,
          `no valid JSON Schema: ${error.message ?? 'it is invalid'}`,
          known ? `use one of ${known.join(', ')}` : 'see json-schema.org/draft-07',
        );
      });
    }
    ajv.compile(schema);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return wrong(
      [],
      `no valid JSON Schema: ${reason}`,
      'write a schema of draft-07 that refers to nothing outside of it',
    );
  }
  return [];
}

function unescapePointer(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}
