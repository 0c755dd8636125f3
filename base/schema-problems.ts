import { z } from 'zod';
import type { Problem } from './problem.ts';
import type { Source } from './source.ts';

type Issue = z.core.$ZodIssue;
interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
}

/** What a file, or a part of one, is compared with. */
export interface Expected {
  readonly schema: z.ZodType;
  /** Where a person reads what may stand in it: a path of the repository. */
  readonly page: string;
  /** Where in the file the value stands; the file itself unless said. */
  readonly at?: readonly PropertyKey[];
}

/** What zod found, each at its line and with its mend. */
export function schemaProblems(
  source: Source,
  error: z.ZodError,
  value: unknown,
  expected: Expected,
): Problem[] {
  const problems = error.issues.flatMap((issue) => problemsOf(source, issue, value, expected));
  return problems.sort((a, b) => a.line - b.line);
}

function problemsOf(source: Source, issue: Issue, value: unknown, expected: Expected): Problem[] {
  const { schema, page, at = [] } = expected;
  const { path: inner } = issue;
  const path = [...at, ...inner];
  const name = path.length > 0 ? path.map(String).join('.') : 'the file';
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const known = keysAt(schema, inner);
        const near = nearest(key, known);
        const mend = near ? `did you mean ${near}?` : `known are ${known.join(', ')}`;
        return source.problem([...path, key], `unknown key ${[...path, key].map(String).join('.')}`, mend);
      });
    case 'invalid_type':
    case 'invalid_value':
    case 'invalid_union':
      if (valueAt(value, inner) === undefined) {
        const said = issue.code === 'invalid_type' ? ` (${issue.expected})` : '';
        return [source.problem(path, `${name} is missing`, `add it${said}${optionsOf(issue, schema)}`)];
      }
      return [
        source.problem(
          path,
          `${name} is ${kindOf(valueAt(value, inner))}`,
          issue.code === 'invalid_type' ? `write ${article(issue.expected)}` : mendOf(issue, expected),
        ),
      ];
    case 'invalid_key': {
      const reason = issue.issues[0]?.message ?? 'it is no valid name';
      return [source.problem(path, `${name} is no valid name`, `use ${reason}`)];
    }
    case 'invalid_format':
      return [
        source.problem(
          path,
          `${name}: "${String(valueAt(value, inner)).slice(0, 80)}" is not valid`,
          `use ${issue.message}`,
        ),
      ];
    case 'too_big':
      return [
        source.problem(
          path,
          `${name} is too ${sizeWord(issue.origin, 'big')}`,
          `the most is ${issue.maximum}`,
        ),
      ];
    case 'too_small':
      return [
        source.problem(
          path,
          `${name} is too ${sizeWord(issue.origin, 'small')}`,
          issue.inclusive ? `the least is ${issue.minimum}` : `it must be more than ${issue.minimum}`,
        ),
      ];
    case 'custom':
    case 'invalid_element':
    case 'not_multiple_of':
      return [source.problem(path, `${name}: ${issue.message}`, `see ${page}`)];
  }
}

function mendOf(issue: Issue, { schema, page }: Expected): string {
  return optionsOf(issue, schema).replace(/^: /, 'use ') || `see ${page}`;
}

function optionsOf(issue: Issue, schema: z.ZodType): string {
  if (issue.code === 'invalid_value') return `: one of ${issue.values.join(', ')}`;
  const known = issue.code === 'invalid_union' ? kinds(schema, issue.path) : [];
  return known.length > 0 ? `: one of ${known.join(', ')}` : '';
}

/** The values of a discriminator, e.g. the kinds of greeting; none where it is no such. */
function kinds(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const options = branches(schemaAt(schema, path.slice(0, -1)));
  return options.flatMap((option) => {
    const kind = option.properties?.[String(path.at(-1))] as { const?: string } | undefined;
    return kind?.const === undefined ? [] : [kind.const];
  });
}

function sizeWord(origin: string, size: 'big' | 'small'): string {
  if (origin === 'string') return size === 'big' ? 'long' : 'short';
  return size === 'big' ? 'large' : 'small';
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map of keys';
  return JSON.stringify(value).slice(0, 80);
}

function article(kind: string): string {
  const words: Record<string, string> = {
    string: 'a text; quote it where it looks like a number or true',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    object: 'keys below it',
    record: 'keys below it',
    array: 'a list',
  };
  return words[kind] ?? kind;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Object.getOwnPropertyDescriptor(at, step)?.value;
  }
  return at;
}

function keysAt(whole: z.ZodType, path: readonly PropertyKey[]): string[] {
  const schema = schemaAt(whole, path);
  return [...new Set(branches(schema).flatMap((branch) => Object.keys(branch.properties ?? {})))];
}

function schemaAt(whole: z.ZodType, path: readonly PropertyKey[]): JsonSchema {
  let schema = z.toJSONSchema(whole, {
    io: 'input',
    reused: 'inline',
    unrepresentable: 'any',
  }) as JsonSchema;
  for (const step of path) {
    const options = branches(schema).map(
      (branch) =>
        branch.properties?.[String(step)] ??
        (typeof branch.additionalProperties === 'object' ? branch.additionalProperties : undefined) ??
        (typeof step === 'number' ? branch.items : undefined),
    );
    schema = options.find((option) => option !== undefined) ?? {};
  }
  return schema;
}

function branches(schema: JsonSchema): readonly JsonSchema[] {
  return schema.oneOf ?? schema.anyOf ?? [schema];
}

/** The known key that was most likely meant. */
function nearest(key: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((name) => ({ name, distance: distance(key.toLowerCase(), name) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(1, Math.floor(best.name.length / 3)) ? best.name : undefined;
}

/** Levenshtein's, of two short words. */
function distance(a: string, b: string): number {
  if (a.length > 64) return a.length;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
