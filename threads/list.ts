import { AttendantError } from '../base/errors.ts';
import { isThreadId, type Organization, type ThreadId, type Uid } from '../base/ids.ts';
import type { Archive } from './archive/archive.ts';
import { archivedOf } from './archive/archived.ts';
import { parseHash, withoutHistory, type ThreadSummary } from './hash.ts';
import { termKey, threadKey } from './keys.ts';
import { readById } from './read.ts';
import type { Redis } from './redis.ts';
import { outcomeTerm, term, type TermName } from './thread-index.ts';

/** Which threads are wanted: those that have all of it. */
export interface ThreadFilter extends Partial<Readonly<Record<TermName, string | undefined>>> {
  readonly uid?: Uid | undefined;
  /** Members of the outcome with their values as text. */
  readonly outcome?: readonly (readonly [member: string, value: string])[] | undefined;
  /** Started at that time or later, milliseconds since 1970. */
  readonly from?: number | undefined;
  /** Started before that time. */
  readonly to?: number | undefined;
  /** Stands in what is known of the call besides what was said, upper or lower case. */
  readonly text?: string | undefined;
}

export interface ThreadPage {
  /** Newest first. */
  readonly threads: ThreadSummary[];
  /** Where to go on: there may be more. Null where there are none. */
  readonly next: string | null;
}

/** Threads looked at in one step, and before a page is given as it is: a search must not hold Redis or its client up. */
const STEP = 200;
const MOST_STEPS = 25;

const NAMES: readonly TermName[] = ['status', 'agent', 'caller', 'dialed', 'result'];

/**
 * Threads without their histories, the newest first. The rarest of what is asked for leads, and what it leads to is looked up in the
 * others; so a page is found in milliseconds, and where that would take looking at thousands, the page ends early with a cursor.
 *
 * @throws AttendantError E_BAD_REQUEST for a cursor that is none; as `Redis.run`
 */
export async function listThreads(
  redis: Redis,
  organization: Organization,
  filter: ThreadFilter,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
  archive?: Archive,
): Promise<ThreadPage> {
  const [lead, ...others] = await rarestFirst(redis, organization, termsWanted(filter));
  const after = cursor === undefined ? undefined : readCursor(cursor);
  const top = Math.min(after?.start ?? Infinity, filter.to === undefined ? Infinity : filter.to - 1);
  const max = top === Infinity ? '+inf' : top;
  const threads: ThreadSummary[] = [];
  for (let step = 0; ; step++) {
    const candidates = await redis.run((client) =>
      client.zRangeWithScores(termKey(organization, lead ?? 'threads'), max, filter.from ?? '-inf', {
        BY: 'SCORE',
        REV: true,
        LIMIT: { offset: step * STEP, count: STEP },
      }),
    );
    const fresh = candidates.filter(({ value, score }) => !after || isAfter(after, score, value as ThreadId));
    const ids = await having(
      redis,
      organization,
      fresh.map(({ value }) => value as ThreadId),
      others,
    );
    // One more than the page holds tells whether there is more; a text is looked for in many at once.
    const chunk = filter.text === undefined ? limit + 1 : STEP;
    for (let from = 0; from < ids.length; from += chunk) {
      for (const thread of await summaries(redis, organization, ids.slice(from, from + chunk), archive)) {
        if (filter.text !== undefined && !mentions(thread, filter.text)) continue;
        if (threads.length === limit) return { threads, next: cursorOf(threads.at(-1)) };
        threads.push(thread);
      }
    }
    if (candidates.length < STEP) return { threads, next: null };
    const last = candidates.at(-1);
    if (step + 1 >= MOST_STEPS && last) return { threads, next: writeCursor(last.score, last.value) };
  }
}

/** The cursor of the page behind that thread; undefined where there is none. @throws AttendantError as `Redis.run` */
export async function cursorBehind(
  redis: Redis,
  organization: Organization,
  id: ThreadId,
): Promise<string | undefined> {
  const start = await redis.run((client) => client.zScore(termKey(organization, 'threads'), id));
  return start === null ? undefined : writeCursor(start, id);
}

function termsWanted(filter: ThreadFilter): string[] {
  const terms = NAMES.flatMap((name) => {
    const value = filter[name];
    return value === undefined ? [] : [term(name, value)];
  });
  for (const [member, value] of filter.outcome ?? []) terms.push(outcomeTerm(member, value));
  if (filter.uid !== undefined) terms.push(`uid:${filter.uid}`);
  return terms;
}

/** The terms, that of the fewest threads first. */
async function rarestFirst(redis: Redis, organization: Organization, terms: string[]): Promise<string[]> {
  if (terms.length < 2) return terms;
  const sizes = await redis.run((client) =>
    Promise.all(terms.map((name) => client.zCard(termKey(organization, name)))),
  );
  return terms
    .map((name, i) => ({ name, size: sizes[i] ?? 0 }))
    .sort((a, b) => a.size - b.size)
    .map(({ name }) => name);
}

/** Those of the threads that have all the terms. */
async function having(
  redis: Redis,
  organization: Organization,
  ids: readonly ThreadId[],
  terms: readonly string[],
): Promise<ThreadId[]> {
  let left = [...ids];
  for (const name of terms) {
    if (left.length === 0) break;
    const asked = left;
    const scores = await redis.run((client) => client.zmScore(termKey(organization, name), asked));
    left = asked.filter((_, i) => scores[i] !== null && scores[i] !== undefined);
  }
  return left;
}

/**
 * The threads of these ids, also of those in the archive. One whose hash was broken is put together from its entries; one that is gone is
 * left out.
 */
async function summaries(
  redis: Redis,
  organization: Organization,
  ids: readonly ThreadId[],
  archive: Archive | undefined,
): Promise<ThreadSummary[]> {
  const hashes = await redis.run((client) =>
    Promise.all(ids.map((id) => client.hGetAll(threadKey(organization, id)))),
  );
  // Then the archive's: what moves meanwhile is there afterwards.
  const lacking = ids.filter((_, i) => hashes[i]?.['id'] === undefined);
  const found = await archivedOf(redis, organization, lacking);
  const moved = new Map(lacking.map((id, i) => [id, found[i]?.summary]));
  const threads = await Promise.all(
    ids.map(async (id, i) => {
      const thread = parseHash(hashes[i] ?? {}) ?? moved.get(id);
      if (thread) return thread;
      const whole = await readById(redis, organization, id, archive);
      return whole && withoutHistory(whole);
    }),
  );
  return threads.filter((thread) => thread !== undefined);
}

function mentions(thread: ThreadSummary, text: string): boolean {
  const { uid, agent, caller, outcome, transfers, end_reason: reason, state } = thread;
  const known = textsIn({ uid, agent, caller, outcome, transfers, reason, state });
  return known.some((value) => value.toLowerCase().includes(text.toLowerCase()));
}

/** Every text in it, at any depth. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

interface Place {
  readonly start: number;
  readonly id: string;
}

/** Whether the thread of that id and start comes behind the place: newest first, of those that started at once the greater id first. */
const isAfter = (place: Place, start: number, id: string): boolean =>
  start < place.start || (start === place.start && id < place.id);

const writeCursor = (start: number, id: string): string =>
  Buffer.from(`${start} ${id}`).toString('base64url');

const cursorOf = (thread: ThreadSummary | undefined): string | null =>
  thread ? writeCursor(Date.parse(thread.started_at), thread.id) : null;

/** @throws AttendantError E_BAD_REQUEST */
function readCursor(cursor: string): Place {
  const [start = '', id = ''] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  if (!/^\d{1,15}$/.test(start) || !isThreadId(id))
    throw new AttendantError('E_BAD_REQUEST', 'cursor: take it from `next` of an earlier answer');
  return { start: Number(start), id };
}
