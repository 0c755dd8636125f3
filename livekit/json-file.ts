import type { JsonObject, JsonValue, Message } from '@bufbuild/protobuf';
import type { ErrorCode } from '../base/errors.ts';
import type { Problem } from '../base/problem.ts';
import { Source } from '../base/source.ts';

type Path = readonly (string | number)[];

/** How one kind of file is read. */
export interface FileKind<T extends Message<T>> {
  /** What `lk sip … create` wraps it in; the file may leave it out. */
  readonly wrappers: readonly string[];
  /** Fields of ours, beside LiveKit's: each says something by being `true`. */
  readonly ours: readonly string[];
  readonly type: { readonly typeName: string; readonly fromJson: (json: JsonValue) => T };
  readonly code: ErrorCode;
}

/** A file in LiveKit's own JSON, with what is ours taken out of it. */
export interface JsonFile<T> {
  readonly info: T;
  /** Whether a field of ours is `true`. */
  readonly says: (field: string) => boolean;
  /** A problem at a place of the info, named as the proto does (`allowed_addresses`), however the file spells it. */
  readonly problem: (path: Path, what: string, mend: string) => Problem;
}

export type ReadJson<T> = { readonly file: JsonFile<T> } | { readonly problems: readonly Problem[] };

const SECRET = /\$\{([^{}]*)\}/g;
const MOST_TEXT = 256 * 1_024;

/**
 * Reads trunks and rules as `lk sip … create` takes them: field names in snake_case or camelCase, with or without the wrapper. `${NAME}` in
 * a text stands for a variable of the environment, so that no secret has to be in a file.
 */
export function readJson<T extends Message<T>>(
  file: string,
  text: string,
  kind: FileKind<T>,
  env: Readonly<Record<string, string | undefined>>,
): ReadJson<T> {
  // YAML, which tells the lines, has no tabs between its words; JSON has.
  const source = new Source(file, text.replaceAll('\t', ' '), kind.code);
  const fail = (...problems: Problem[]) => ({ problems });
  if (text.length > MOST_TEXT)
    return fail(
      source.problem([], `the file has more than ${MOST_TEXT / 1_024} KiB`, 'write a file for each'),
    );
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    const line = syntaxLine(error, text) ?? source.syntaxErrors()[0]?.line ?? 1;
    const what = messageOf(error).replace(/ in JSON at position \d+.*$/s, '');
    return fail(source.problem([], `no valid JSON: ${what}`, 'mend the JSON at this line', line));
  }
  const [twice] = source.syntaxErrors();
  if (twice) return fail(source.problem([], twice.what, 'keep one of them', twice.line));
  if (!isObject(parsed)) return fail(source.problem([], 'the file holds no object', 'begin with {'));
  const { inner, base, says } = unwrap(parsed, kind);
  if (!inner) return fail(source.problem(base, `${base.join('.')} holds no object`, 'begin it with {'));
  const problems: Problem[] = [];
  const resolved = resolve(inner, [...base], (path, name) => {
    const value = env[name];
    if (value === undefined)
      problems.push(
        source.problem(path, `the variable ${name} is not set`, 'set it in the environment or in .env.local'),
      );
    return value ?? '';
  }) as JsonObject;
  if (problems.length > 0) return fail(...problems);
  const at = (path: Path) => [...base, ...pathAsWritten(inner, path)];
  const problem = (path: Path, what: string, mend: string) => source.problem(at(path), what, mend);
  try {
    return { file: { info: kind.type.fromJson(resolved), says, problem } };
  } catch {
    return fail(decodeProblem(source, base, resolved, kind.type));
  }
}

/** Ours are `$schema` and what the kind says, beside the wrapper or in it, in either spelling. */
function unwrap(
  parsed: JsonObject,
  { wrappers, ours }: Pick<FileKind<never>, 'wrappers' | 'ours'>,
): { inner: JsonObject | undefined; base: string[]; says: (field: string) => boolean } {
  const said = new Set<string>();
  const theirs = (value: JsonObject) =>
    Object.fromEntries(
      Object.entries(value).filter(([key, item]) => {
        const isOurs = ours.includes(snake(key));
        if (isOurs && item === true) said.add(snake(key));
        return !isOurs;
      }),
    );
  const says = (field: string) => said.has(field);
  const rest = theirs(parsed);
  delete rest['$schema'];
  const wrapper = wrappers.find((name) => Object.hasOwn(rest, name));
  if (wrapper === undefined || Object.keys(rest).length > 1) return { inner: rest, base: [], says };
  const wrapped = rest[wrapper];
  if (!isObject(wrapped)) return { inner: undefined, base: [wrapper], says };
  return { inner: theirs(wrapped), base: [wrapper], says };
}

function resolve(value: unknown, path: Path, valueOf: (path: Path, name: string) => string): unknown {
  if (typeof value === 'string')
    return value.replace(SECRET, (_, name: string) => valueOf(path, name.trim()));
  if (Array.isArray(value))
    return value.flatMap((item, index) => resolveItem(item, [...path, index], valueOf));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, resolve(item, [...path, key], valueOf)]),
  );
}

/** An item of a list that is one variable and nothing else is as many as its value has, separated by commas. */
function resolveItem(item: unknown, path: Path, valueOf: (path: Path, name: string) => string): unknown[] {
  const resolved = resolve(item, path, valueOf);
  const isVariable = typeof item === 'string' && /^\$\{[^{}]*\}$/.test(item);
  if (!isVariable || typeof resolved !== 'string') return [resolved];
  return resolved.split(',').map((part) => part.trim());
}

/** What `fromJson` could not read. Its message names a key, a field or only a type, so the fields are tried one by one. */
function decodeProblem<T extends Message<T>>(
  source: Source,
  base: Path,
  value: JsonObject,
  { fromJson, typeName }: FileKind<T>['type'],
): Problem {
  for (const [key, item] of Object.entries(value)) {
    try {
      fromJson({ [key]: item });
    } catch (error) {
      const message = messageOf(error);
      const unknown = /key "([^"]*)" is unknown/.exec(message)?.[1];
      if (unknown !== undefined) {
        const path = find({ [key]: item }, (name) => name === unknown) ?? [key];
        const fields = `use the fields of LiveKit's ${typeName.replace('livekit.', '')}`;
        return source.problem([...base, ...path], `unknown field ${unknown}`, fields);
      }
      const field = /cannot decode field [\w.]*?\.(\w+) from JSON/.exec(message)?.[1];
      const path = find({ [key]: item }, (name) => snake(name) === field) ?? [key];
      return source.problem(
        [...base, ...path],
        `${snake(String(path.at(-1)))} cannot be read: ${message.replace(/^cannot decode .*? from JSON: ?/, '')}`,
        'write it as LiveKit\'s JSON does: durations like "8s", enums by name',
      );
    }
  }
  return source.problem([...base], `no ${typeName}`, 'write each field once');
}

/** The path of the first key, from above, that fits. */
function find(value: unknown, fits: (key: string) => boolean): Path | undefined {
  const queue: { at: unknown; path: Path }[] = [{ at: value, path: [] }];
  for (let next = queue.shift(); next; next = queue.shift()) {
    if (typeof next.at !== 'object' || next.at === null) continue;
    for (const [key, item] of Object.entries(next.at)) {
      const path = [...next.path, Array.isArray(next.at) ? Number(key) : key];
      if (!Array.isArray(next.at) && fits(key)) return path;
      queue.push({ at: item, path });
    }
  }
  return undefined;
}

function pathAsWritten(value: JsonObject, path: Path): Path {
  const written: (string | number)[] = [];
  let at: unknown = value;
  for (const step of path) {
    const key: string | number =
      typeof step === 'string' && isObject(at)
        ? (Object.keys(at).find((name) => snake(name) === step) ?? step)
        : step;
    written.push(key);
    at = typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[key] : undefined;
  }
  return written;
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function syntaxLine(error: unknown, text: string): number | undefined {
  const position = /at position (\d+)/.exec(messageOf(error))?.[1];
  if (position === undefined) return undefined;
  const before = text.slice(0, Number(position));
  // A comma is missed where the next thing stands, and belongs behind the one before.
  const upTo = messageOf(error).includes("Expected ','") ? before.trimEnd() : before;
  return upTo.split('\n').length;
}
