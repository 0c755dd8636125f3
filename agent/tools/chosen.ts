import type { JsonObject } from './tool.ts';

/** What stands at a dotted path (`orders.0.id`); null where nothing does. */
export function valueAt(from: unknown, path: string): unknown {
  let at = from;
  for (const step of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return null;
    at = (at as JsonObject)[step];
  }
  return at;
}

/** What paths choose of something, by their names; what is not there is left out. */
export function chosen(from: unknown, paths: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(
    Object.entries(paths)
      .map(([name, path]) => [name, valueAt(from, path)] as const)
      .filter(([, value]) => value !== null),
  );
}
