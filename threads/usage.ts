import type { Organization } from '../base/ids.ts';
import { amountOf, micros } from './cost.ts';
import type { Entry, ThreadStart } from './entry.ts';
import { usageKey } from './keys.ts';
import type { ModelUse } from './measures.ts';
import type { Redis } from './redis.ts';
import type { Thread } from './thread.ts';

/**
 * What calls used. Counted with a call's end in the same step (`append.ts`), into a hash for each day: a field is a row, `["agent","part","name"]`,
 * and behind a space what is counted there. The row of the call itself has neither part nor name. So reading takes a hash a day, however many
 * calls there were, and what was used stays counted when threads are erased or archived.
 */

/** The counts of a row; `cost <currency>` in millionths besides. */
type Count = 'calls' | 'ms' | 'input' | 'cached' | 'output' | 'audio' | 'characters' | 'unpriced';

export const USAGE_BY = ['agent', 'day', 'model'] as const;
export type UsageBy = (typeof USAGE_BY)[number];

/** What some calls used. */
export interface Used {
  /** That ended. */
  readonly calls: number;
  /** From the answer to the end, of all of them, to a hundredth. */
  readonly minutes: number;
  readonly tokens: { readonly input: number; readonly cached: number; readonly output: number };
  /** Of audio, to a thousandth. */
  readonly seconds: { readonly heard: number; readonly spoken: number };
  readonly characters: number;
  /** Amounts by currency. */
  readonly cost: Readonly<Record<string, string>>;
  /** How often something was used that had no price. */
  readonly unpriced: number;
}

export type UsageRow = Used &
  ({ readonly agent: string } | { readonly day: string } | { readonly part: string; readonly name: string });

export interface Usage {
  /** Of each row; those that used the most first, days in order. */
  readonly rows: readonly UsageRow[];
  readonly total: Used;
}

/** The day that a thread counts for: that of its start, UTC. */
export const dayOf = ({ started_at }: Pick<ThreadStart, 'started_at'>): string =>
  new Date(Date.parse(started_at)).toISOString().slice(0, 10);

/** What an entry adds to its day: fields and counts, one after the other; `thread` as it is from that entry on. */
export function usageOf(entry: Entry, thread: Thread): string[] {
  const sums = new Map<string, bigint>();
  const add = (part: string, name: string, count: Count | `cost ${string}`, value: bigint | number) => {
    const field = `${JSON.stringify([thread.agent, part, name])} ${count}`;
    sums.set(field, (sums.get(field) ?? 0n) + BigInt(value));
  };
  const { answered_at: answered, ended_at: ended } = thread;
  const ms = answered === null || ended === null ? 0 : Math.max(0, Date.parse(ended) - Date.parse(answered));
  const seen = new Set<string>();
  const once = (part: string, name: string) => {
    const row = JSON.stringify([part, name]);
    if (seen.has(row)) return;
    seen.add(row);
    add(part, name, 'calls', 1);
    add(part, name, 'ms', ms);
  };
  if (entry.kind === 'ended') {
    once('', '');
    for (const use of thread.metrics.models ?? []) addUse(use);
    for (const part of entry.cost?.parts ?? []) addCost(part);
  } else if (entry.kind === 'analysis') {
    if (entry.use) addUse(entry.use);
    if (entry.cost) addCost(entry.cost);
  }
  return [...sums].flatMap(([field, sum]) => (sum === 0n ? [] : [field, String(sum)]));

  function addUse(use: ModelUse): void {
    once(use.part, use.model);
    for (const [count, value] of Object.entries(countsOf(use)))
      add(use.part, use.model, count as Count, value);
  }

  function addCost({ part, name, amount }: { part: string; name: string; amount: string | null }): void {
    once(part, name);
    if (amount === null) add(part, name, 'unpriced', 1);
    else add(part, name, `cost ${thread.cost?.currency ?? ''}`, micros(amount));
  }
}

function countsOf(use: ModelUse): Partial<Record<Count, number>> {
  switch (use.part) {
    case 'llm':
    case 'analysis':
      return { input: use.input_tokens, cached: use.cached_tokens, output: use.output_tokens };
    case 'stt':
      return { audio: use.audio };
    case 'tts':
      return { audio: use.audio, characters: use.characters };
    default:
      return use satisfies never;
  }
}

/** Days read in one step. */
const STEP = 31;

/**
 * What the organization's calls used that began on these days, both included.
 *
 * @param days `2026-01-31`, UTC @throws AttendantError as `Redis.run`
 */
export async function readUsage(
  redis: Redis,
  organization: Organization,
  { days, by }: { days: readonly string[]; by: UsageBy },
): Promise<Usage> {
  const rows = new Map<string, { head: object; sum: Sum }>();
  const total = new Sum();
  for (let from = 0; from < days.length; from += STEP) {
    const some = days.slice(from, from + STEP);
    const hashes = await redis.run((client) =>
      Promise.all(some.map((day) => client.hGetAll(usageKey(organization, day)))),
    );
    hashes.forEach((hash, i) => {
      for (const [field, text] of Object.entries(hash)) {
        const counted = countedOf(field, text);
        if (!counted) continue;
        total.add(counted, counted.part === '');
        const head = headOf(by, some[i] ?? '', counted);
        if (!head) continue;
        const key = JSON.stringify(head);
        const row = rows.get(key) ?? { head, sum: new Sum() };
        rows.set(key, row);
        row.sum.add(counted, by === 'model' || counted.part === '');
      }
    });
  }
  const sorted = [...rows].sort(([a, one], [b, other]) =>
    by === 'day' ? compare(a, b) : other.sum.calls - one.sum.calls || compare(a, b),
  );
  return {
    rows: sorted.map(([, { head, sum }]) => ({ ...head, ...sum.used() }) as UsageRow),
    total: total.used(),
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : 1);

interface Counted {
  readonly agent: string;
  readonly part: string;
  readonly name: string;
  readonly count: string;
  readonly value: bigint;
}

/** A field of a day; undefined where it is none: others can write to Redis too. */
function countedOf(field: string, text: string): Counted | undefined {
  const [, row = '', count = ''] = /^(\[.*\]) ([a-z]+(?: \w*)?)$/s.exec(field) ?? [];
  if (!/^-?\d{1,19}$/.test(text)) return undefined;
  try {
    const [agent, part, name] = JSON.parse(row) as unknown[];
    if (typeof agent !== 'string' || typeof part !== 'string' || typeof name !== 'string') return undefined;
    return { agent, part, name, count, value: BigInt(text) };
  } catch {
    return undefined;
  }
}

function headOf(by: UsageBy, day: string, { agent, part, name }: Counted): object | undefined {
  switch (by) {
    case 'agent':
      return { agent };
    case 'day':
      return { day };
    case 'model':
      return part === '' ? undefined : { part, name };
    default:
      return by satisfies never;
  }
}

/** A row being added up. */
class Sum {
  readonly #counts = new Map<string, bigint>();

  /** @param ofCalls whether its calls and their length count here: each part of a call says them again. */
  add({ count, value, part }: Counted, ofCalls: boolean): void {
    if ((count === 'calls' || count === 'ms') && !ofCalls) return;
    const name = count === 'audio' ? `audio ${part}` : count;
    this.#counts.set(name, (this.#counts.get(name) ?? 0n) + value);
  }

  get calls(): number {
    return this.#of('calls');
  }

  used(): Used {
    const cost = [...this.#counts].filter(([name]) => name.startsWith('cost ')).sort();
    return {
      calls: this.calls,
      minutes: Math.round(this.#of('ms') / 600) / 100,
      tokens: { input: this.#of('input'), cached: this.#of('cached'), output: this.#of('output') },
      seconds: { heard: this.#of('audio stt') / 1_000, spoken: this.#of('audio tts') / 1_000 },
      characters: this.#of('characters'),
      cost: Object.fromEntries(cost.map(([name, sum]) => [name.slice('cost '.length), amountOf(sum)])),
      unpriced: this.#of('unpriced'),
    };
  }

  #of(name: string): number {
    return Number(this.#counts.get(name) ?? 0n);
  }
}
