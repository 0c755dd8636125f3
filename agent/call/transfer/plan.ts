import type { Destination } from '../../definition/definition.ts';

/** One attempt to come. */
export interface Step {
  /** Of the destination. */
  readonly name: string;
  readonly destination: Destination;
  /** The call would come back to where it is; nothing is sent. */
  readonly loops: boolean;
}

/** More than any definition needs; what a caller endures. */
const MOST_STEPS = 6;

/**
 * The attempts of a transfer, in order: the destination, then each of its fallbacks with theirs. What was tried already is not tried again,
 * and a number that would ring the caller, or this agent once more, is marked.
 *
 * @param names who is on the call: the caller's number and what was dialed.
 */
export function planOf(
  to: string,
  destinations: ReadonlyMap<string, Destination>,
  names: { readonly number: string; readonly dialed: string },
): Step[] {
  const steps: Step[] = [];
  const seen = new Set<string>();
  const visit = (name: string): void => {
    const destination = destinations.get(name);
    // A fallback whose address did not survive a stranger's values is passed over.
    if (!destination || steps.length >= MOST_STEPS) return;
    const { method, trunk, fallback } = destination;
    const key = JSON.stringify([method, destination.to, trunk]);
    if (!seen.has(key)) {
      seen.add(key);
      steps.push({ name, destination, loops: loops(destination.to, names) });
    }
    fallback.forEach(visit);
  };
  visit(to);
  return steps;
}

/** Whether dialing there would ring the caller, or this agent once more. Only numbers: a name of one PBX is another's on the next. */
export function loops(uri: string, { number, dialed }: { number: string; dialed: string }): boolean {
  const target = digitsOf(uri.replace(/^(tel|sips?):/i, '').replace(/[@;].*$/, ''));
  return target !== undefined && (target === digitsOf(number) || target === digitsOf(dialed));
}

function digitsOf(user: string): string | undefined {
  const digits = user.replace(/[+().-]/g, '');
  return /^[0-9]{5,15}$/.test(digits) ? digits : undefined;
}
