import { fits } from '../routes/pattern.ts';
import type { Flows, Step, WhenInCall } from './schema.ts';

type Rule = Step['next'][number];
type Patterns = string | readonly string[];

/** Rules that send a call round in circles, step by step: `[menu, orders, menu]`. */
export interface Ring {
  readonly steps: readonly string[];
  /** Where its first rule stands among those of its first step. */
  readonly rule: number;
}

/**
 * Rings in which a call that comes in goes round for certain, as long as nothing is collected meanwhile. One that another rule may lead out of, or whose
 * conditions cannot be seen to hold together, is none: such a call is stopped when it happens.
 */
export function ringsOf(flows: Flows): Ring[] {
  const rings = new Map<string, Ring>();
  for (const start of Object.keys(flows)) {
    walk(flows, [start], [], ({ steps, rule }) => {
      const key = [...new Set(steps)].sort().join(' ');
      if (!rings.has(key)) rings.set(key, { steps, rule });
    });
  }
  return [...rings.values()];
}

function walk(flows: Flows, path: readonly string[], rules: readonly number[], found: (ring: Ring) => void) {
  const at = path.at(-1) ?? '';
  const next = Object.hasOwn(flows, at) ? (flows[at]?.next ?? []) : [];
  next.forEach(({ goto }, index) => {
    const taken = [...rules, index];
    // Each ring is found from its first step; a ring of one is told by another name.
    if (goto === path[0] && path.length > 1) {
      if (isCertain(flows, path, taken)) found({ steps: [...path, goto], rule: taken[0] ?? 0 });
    } else if (!path.includes(goto) && path.length < LONGEST) walk(flows, [...path, goto], taken, found);
  });
}

/** Longer rings are not looked for: the ways through many steps are too many. */
const LONGEST = 6;

function isCertain(flows: Flows, path: readonly string[], taken: readonly number[]): boolean {
  const whens = path.flatMap((step, i) => flows[step]?.next[taken[i] ?? 0]?.when ?? []);
  const alike = whens.every((when) => whens.every((other) => together(when, other)));
  if (!alike) return false;
  return path.every((step, i) =>
    (flows[step]?.next ?? [])
      .slice(0, taken[i])
      .every(({ when }: Rule) => whens.some((one) => apart(when, one))),
  );
}

/** Whether what holds for one may hold for the other, as far as can be said: times only where they are the same. */
function together(one: WhenInCall, other: WhenInCall): boolean {
  if (apart(one, other)) return false;
  const times = ({ open, closed, weekdays, time, holiday }: WhenInCall) =>
    JSON.stringify([open, closed, weekdays, time, holiday]);
  const none = times({});
  return [none, times(other)].includes(times(one)) || times(other) === none;
}

/** Whether they can never hold at once. */
function apart(one: WhenInCall, other: WhenInCall): boolean {
  if (one.open !== undefined && one.open === other.closed) return true;
  if (one.closed !== undefined && one.closed === other.open) return true;
  const plain = (['caller', 'dialed', 'trunk'] as const).some((name) => disjoint(one[name], other[name]));
  const named = (['headers', 'vars', 'state'] as const).some((kind) =>
    Object.entries(one[kind] ?? {}).some(([name, patterns]) => disjoint(patterns, other[kind]?.[name])),
  );
  return plain || named;
}

function disjoint(one: Patterns | undefined, other: Patterns | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return [one].flat().every((a) => [other].flat().every((b) => !mayMeet(a, b)));
}

function mayMeet(a: string, b: string): boolean {
  const isOpen = (pattern: string) => /[*?]/.test(pattern);
  if (isOpen(a) && isOpen(b)) return true;
  return isOpen(a) ? fits(b, a) : fits(a, b);
}
