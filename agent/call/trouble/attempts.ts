import type { Clock } from '../../../base/clock.ts';
import type { ModelPart } from '../../../config.ts';

/** Milliseconds that a model which failed is tried after all others only. */
const REST = 60_000;
/** Milliseconds before the only model of a part is asked once more. */
const PAUSE = 250;

/** One model that can do the work of a part. */
export interface Candidate {
  readonly name: string;
}

/** Why an attempt came to nothing: a word for machines. */
export type Cause =
  | 'refused'
  | 'timeout'
  | 'stalled'
  | 'cut_off'
  | 'garbage'
  | 'no_sound'
  | 'no_reply'
  | 'not_set'
  | `http_${number}`;

/** An attempt that failed. */
export class Failure extends Error {
  readonly reason: Cause;

  constructor(reason: Cause, options?: { cause?: unknown }) {
    super(`the model server failed: ${reason}`, options);
    this.reason = reason;
  }
}

/** Who is told what becomes of attempts. */
export interface Witness {
  /** One model failed; another may be tried yet. */
  readonly failed: (part: ModelPart, model: string, cause: Cause) => void;
  /** None is left: the part has nothing to give this time. */
  readonly exhausted: (part: ModelPart, cause: Cause) => void;
}

/**
 * The models of one part in a call, in the order in which they are tried. A model that failed is left for a minute: a caller need not wait for it at
 * each turn.
 */
export class Candidates<C extends Candidate> {
  readonly #all: readonly C[];
  readonly #clock: Clock;
  readonly #failedAt = new Map<C, number>();
  #latest: C | undefined;

  constructor(all: readonly C[], clock: Clock) {
    this.#all = all;
    this.#clock = clock;
  }

  /** Whom to ask now; the only one there is, twice. */
  inOrder(): C[] {
    const now = this.#clock.elapsed();
    const rests = (one: C) => now - (this.#failedAt.get(one) ?? -Infinity) < REST;
    const order = [...this.#all.filter((one) => !rests(one)), ...this.#all.filter(rests)];
    return order.length === 1 ? [...order, ...order] : order;
  }

  /** The model that was asked last: what is measured of an answer is its own. The first one where none was. */
  get name(): string {
    return (this.#latest ?? this.#all[0])?.name ?? '';
  }

  asks(one: C): void {
    this.#latest = one;
  }

  failed(one: C): void {
    this.#failedAt.set(one, this.#clock.elapsed());
  }

  succeeded(one: C): void {
    this.#failedAt.delete(one);
  }
}

/**
 * Has the models of a part try until one succeeds.
 *
 * @param attempt throws where the model failed.
 * @returns false when none succeeded; the witness has been told. The signal's abort ends it without a word.
 */
export async function tryEach<C extends Candidate>(
  parts: {
    part: ModelPart;
    candidates: Candidates<C>;
    witness: Witness;
    clock: Clock;
    signal: AbortSignal;
  },
  attempt: (candidate: C) => Promise<void>,
): Promise<boolean> {
  const { part, candidates, witness, clock, signal } = parts;
  const order = candidates.inOrder();
  let last: Cause = order.length === 0 ? 'not_set' : 'refused';
  let before: C | undefined;
  const over = () => signal.aborted;
  for (const candidate of order) {
    if (candidate === before) await clock.sleep(PAUSE, signal).catch(() => undefined);
    if (over()) return true;
    candidates.asks(candidate);
    try {
      await attempt(candidate);
      candidates.succeeded(candidate);
      return true;
    } catch (error) {
      if (over()) return true;
      last = causeOf(error);
      candidates.failed(candidate);
      witness.failed(part, candidate.name, last);
    }
    before = candidate;
  }
  witness.exhausted(part, last);
  return false;
}

/** What an error of fetch, of the OpenAI client or of ours says about the server. */
export function causeOf(error: unknown): Cause {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at instanceof Failure) return at.reason;
    const { status, statusCode } = at as { status?: unknown; statusCode?: unknown };
    const code = [status, statusCode].find((one): one is number => typeof one === 'number' && one >= 100);
    if (code !== undefined) return `http_${code}`;
    if (at instanceof SyntaxError) return 'garbage';
    if (/terminated|other side closed|premature|aborted/i.test(at.message)) return 'cut_off';
  }
  return 'refused';
}
