import type { JsonObject } from '@bufbuild/protobuf';
import type { Collection } from './collections.ts';

/** One kind of thing that files and server are compared by. */
export interface Kind<T> {
  /** As a person reads it: `trunk`, `dispatch rule`. */
  readonly noun: string;
  readonly collection: Collection<T>;
  idOf(info: T): string;
  nameOf(info: T): string;
  /** The file that we made it from; undefined for what someone else made, which is never touched. */
  markOf(info: T): string | undefined;
  /** What is compared: without ids and times, with the server's defaults filled in on both sides. */
  comparable(info: T): JsonObject;
}

/** What a file asks for; its info carries the mark. */
export interface Wanted<T> {
  readonly mark: string;
  readonly info: T;
}

export type Step<T> =
  | { readonly action: 'create'; readonly mark: string; readonly name: string; readonly info: T }
  | {
      readonly action: 'change';
      readonly mark: string;
      readonly name: string;
      readonly id: string;
      readonly info: T;
      /** The fields that differ. */
      readonly fields: readonly string[];
    }
  | { readonly action: 'unchanged'; readonly mark: string; readonly name: string; readonly id: string }
  | { readonly action: 'delete'; readonly mark: string; readonly name: string; readonly id: string };

/**
 * Compares what the files ask for with what is there. Of several made from the same file (two processes were as fast as each other) the one with the
 * smallest id stays, so that all processes decide alike.
 */
export function compare<T>(kind: Kind<T>, wanted: readonly Wanted<T>[], there: readonly T[]): Step<T>[] {
  const ours = new Map<string, T[]>();
  for (const info of [...there].sort((a, b) => (kind.idOf(a) < kind.idOf(b) ? -1 : 1))) {
    const mark = kind.markOf(info);
    if (mark !== undefined) ours.set(mark, [...(ours.get(mark) ?? []), info]);
  }
  const steps: Step<T>[] = [];
  const kept = new Set<T>();
  const marks = new Set(wanted.map(({ mark }) => mark));
  // A file that got another name keeps what was made from it, so that its calls are never without.
  const orphans = [...ours].filter(([mark]) => !marks.has(mark)).flatMap(([, infos]) => infos);
  for (const { mark, info } of wanted) {
    const name = kind.nameOf(info);
    const renamed = orphans.find((orphan) => !kept.has(orphan) && kind.nameOf(orphan) === name);
    const mine = ours.get(mark)?.[0] ?? renamed;
    if (!mine) {
      steps.push({ action: 'create', mark, name, info });
      continue;
    }
    kept.add(mine);
    const id = kind.idOf(mine);
    const fields = differences(kind.comparable(info), kind.comparable(mine));
    if (fields.length > 0) steps.push({ action: 'change', mark, name, id, info, fields });
    else steps.push({ action: 'unchanged', mark, name, id });
  }
  for (const [mark, infos] of ours) {
    for (const info of infos.filter((each) => !kept.has(each)))
      steps.push({ action: 'delete', mark, name: kind.nameOf(info), id: kind.idOf(info) });
  }
  return steps;
}

/** An info's JSON without what only the server writes. */
export function withoutServerFields(json: JsonObject, idField: string): JsonObject {
  const written = Object.entries(json).filter(
    ([field]) => ![idField, 'createdAt', 'updatedAt'].includes(field),
  );
  return Object.fromEntries(written);
}

/** What goes first: LiveKit refuses two trunks of the same number, so what leaves has to leave before what comes. */
const ORDER = { delete: 0, change: 1, create: 2, unchanged: 3 } as const;

/** @returns the ids by mark of what is there now. */
export async function carryOut<T>(
  kind: Kind<T>,
  steps: readonly Step<T>[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const step of [...steps].sort((a, b) => ORDER[a.action] - ORDER[b.action])) {
    switch (step.action) {
      case 'delete':
        await kind.collection.delete(step.id, signal);
        break;
      case 'change':
        await kind.collection.update(step.id, step.info, signal);
        ids.set(step.mark, step.id);
        break;
      case 'create':
        ids.set(step.mark, kind.idOf(await kind.collection.create(step.info, signal)));
        break;
      case 'unchanged':
        ids.set(step.mark, step.id);
        break;
      default:
        step satisfies never;
    }
  }
  return ids;
}

function differences(a: JsonObject, b: JsonObject): string[] {
  const fields = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return fields.filter((field) => stable(a[field]) !== stable(b[field]));
}

/** JSON with its keys in order: the order of a map's entries means nothing. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([x], [y]) => (x < y ? -1 : 1)))
      : inner,
  );
}
