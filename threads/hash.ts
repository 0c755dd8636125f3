import type { Thread } from './thread.ts';

/** A thread without its history: what lists show, and what the hash in Redis holds. */
export type ThreadSummary = Omit<Thread, 'history'>;

/** Members that every thread has as text, from its beginning. */
type Text =
  'id' | 'uid' | 'organization' | 'agent' | 'agent_version' | 'status' | 'direction' | 'room' | 'started_at';
const TEXTS: readonly string[] = [
  'id',
  'uid',
  'organization',
  'agent',
  'agent_version',
  'status',
  'direction',
  'room',
  'started_at',
] satisfies Text[];
/** Members that are text too, where there are any. */
const OPTIONAL_TEXTS: readonly string[] = [
  'parent',
  'route',
  'answered_at',
  'answered_by',
  'ended_at',
  'flow',
] satisfies (keyof Thread)[];

/** What the others are where nothing happened yet. */
const EMPTY: Omit<ThreadSummary, Text | 'caller'> = {
  parent: null,
  route: null,
  sent_into: null,
  answered_at: null,
  answered_by: null,
  ended_at: null,
  end_reason: null,
  outcome: null,
  digits: [],
  transfers: [],
  consults: [],
  commands: [],
  recording: null,
  state: {},
  flow: null,
  flows: [],
  metrics: { turns: [] },
  analysis: null,
  cost: null,
  warnings: [],
};

/**
 * The thread without its history as fields and values of a Redis hash, one after the other: text as it is, anything else as
 * JSON, null left out.
 */
export function hashFields(thread: Thread): string[] {
  const fields: string[] = [];
  for (const [name, value] of Object.entries(thread)) {
    if (name === 'history' || value === null) continue;
    fields.push(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return fields;
}

/** The thread as lists show it. */
export const withoutHistory = (thread: Thread): ThreadSummary =>
  Object.fromEntries(
    Object.entries(thread).filter(([name]) => name !== 'history'),
  ) as unknown as ThreadSummary;

/** The thread of a hash; undefined where it is none, or not a whole one: others can write to Redis too. */
export function parseHash(hash: Readonly<Record<string, string>>): ThreadSummary | undefined {
  if (TEXTS.some((name) => hash[name] === undefined) || hash['caller'] === undefined) return undefined;
  try {
    const members = Object.entries(hash).flatMap(([name, value]): [string, unknown][] => {
      if (name === 'epoch' || name === 'n' || name === 'epochs') return [];
      return [[name, TEXTS.includes(name) || OPTIONAL_TEXTS.includes(name) ? value : JSON.parse(value)]];
    });
    return { ...EMPTY, ...Object.fromEntries(members) } as unknown as ThreadSummary;
  } catch {
    return undefined;
  }
}
