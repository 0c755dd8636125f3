import { appendEntries, replaceHash, type Appended, type Item } from './append.ts';
import type { Entry, NumberedEntry, ThreadStart } from './entry.ts';
import { Fold, foldThread, inOrder } from './fold.ts';
import { hashFields } from './hash.ts';
import { analyzedOrganizationsKey } from './keys.ts';
import { readEntries } from './read.ts';
import type { Redis } from './redis.ts';
import type { Thread } from './thread.ts';
import { termsOf } from './thread-index.ts';
import { usageOf } from './usage.ts';
import { messageOf } from './webhook-message.ts';

/** How much goes to Redis in one step: a script holds everybody else up while it runs. */
const BATCH = { items: 64, bytes: 256 * 1024 };

/** How often a hash is folded anew when entries keep coming in between; the last of their writers folds it anyway. */
const REFOLDS = 5;

/** Makes items of a thread's entries, which it must be given in order from the first one. */
export class Items {
  readonly #fold = new Fold({ history: false });

  /** @throws TypeError where the entry is no JSON; nothing of it is taken then */
  next(numbered: NumberedEntry): Item {
    const { n, entry } = numbered;
    const { kind } = entry;
    const json = JSON.stringify(entry);
    // What is folded is what is stored, not an object that its owner may still change.
    const changed = this.#fold.apply({ entry: kind === 'message' ? entry : (JSON.parse(json) as Entry) });
    const thread = changed ? this.#fold.thread() : undefined;
    const message = thread && messageOf(thread.id, numbered);
    return {
      n,
      kind,
      json,
      message,
      summary: thread ? hashFields(thread) : [],
      terms: thread ? termsOf(thread) : [],
      usage: thread ? usageOf(entry, thread) : [],
      asked: entry.kind === 'ended' && entry.analysis !== undefined,
    };
  }
}

/** How many of the items, from the first, fit in one step: at least one. */
export function batchLength(items: readonly Item[]): number {
  let bytes = 0;
  let count = 0;
  for (const item of items.slice(0, BATCH.items)) {
    bytes += item.json.length + item.summary.reduce((sum, text) => sum + text.length, 0);
    if (count > 0 && bytes > BATCH.bytes) break;
    count++;
  }
  return count;
}

/**
 * Appends items, at most a batch of them, and sees to it that the hash is right where several epochs wrote to the thread.
 *
 * @throws AttendantError as `Redis.run`
 */
export async function sendBatch(
  redis: Redis,
  start: ThreadStart,
  epoch: number,
  items: readonly Item[],
): Promise<Appended> {
  // First, so that who looks for analyses overlooks none.
  if (items.some(({ asked }) => asked))
    await redis.run((client) => client.sAdd(analyzedOrganizationsKey(), start.organization));
  const appended = await appendEntries(redis, start, epoch, items);
  if (appended.mixed && (items.length === 0 || items.some((item) => item.summary.length > 0))) {
    await refold(redis, start);
  }
  return appended;
}

/**
 * Sends entries of one epoch as they come, in batches; says how many Redis holds afterwards. Entries up to number `after`
 * are only folded, for the sake of those that follow.
 *
 * @throws AttendantError as `Redis.run`, and what the source throws
 */
export async function sendAll(
  redis: Redis,
  start: ThreadStart,
  epoch: number,
  source: AsyncIterable<NumberedEntry>,
  after = 0,
): Promise<Appended> {
  const items = new Items();
  let waiting: Item[] = [];
  for await (const numbered of source) {
    const item = items.next(numbered);
    if (item.n > after) waiting.push(item);
    if (waiting.length >= BATCH.items) {
      const batch = waiting.slice(0, batchLength(waiting));
      await sendBatch(redis, start, epoch, batch);
      waiting = waiting.slice(batch.length);
    }
  }
  for (;;) {
    const batch = waiting.slice(0, batchLength(waiting));
    const appended = await sendBatch(redis, start, epoch, batch);
    waiting = waiting.slice(batch.length);
    if (waiting.length === 0) return appended;
  }
}

/** Writes the hash from all the entries that Redis holds, whoever wrote them. */
async function refold(redis: Redis, start: ThreadStart): Promise<void> {
  for (let attempt = 0; attempt < REFOLDS; attempt++) {
    const { entries, length } = await readEntries(redis, start.organization, start.id);
    const thread = foldThread(entries);
    if (!thread) return;
    if (await replaceHash(redis, thread, length, fieldsOfSeveral(thread, entries), termsOf(thread))) return;
  }
}

/** The hash of a thread that several epochs wrote to. */
export function fieldsOfSeveral(thread: Thread, entries: readonly NumberedEntry[]): string[] {
  const last = inOrder(entries).at(-1);
  const place = ['epoch', String(last?.epoch ?? 1), 'n', String(last?.n ?? 0), 'epochs', 'several'];
  return [...hashFields(thread), ...place];
}
