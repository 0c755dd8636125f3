import { timestamp, type Clock } from '../../base/clock.ts';
import { asAttendantError, AttendantError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { ModelServer } from '../../config.ts';
import { modelCost } from '../../prices/call-cost.ts';
import type { Analyses, AnalysisClaim, AnalysisEntry } from '../../threads/analyses.ts';
import type { AnalysisAsk } from '../../threads/analysis.ts';
import type { ModelUse } from '../../threads/measures.ts';
import type { Thread } from '../../threads/thread.ts';
import { serverOf } from '../definition/model-server.ts';
import { askModel, type ChatServer, ServerTrouble } from './ask-model.ts';
import { findingsIn } from './answer.ts';
import { questionAbout } from './question.ts';

/** Milliseconds. */
interface Pace {
  /** Between looks for threads that others left: those of this process say so themselves. */
  readonly lookEvery: number;
  /** Until another process may ask: more than a definition's longest timeout. */
  readonly lease: number;
  /** After each failure that may pass, until the next attempt; behind the last one it has failed. */
  readonly delays: readonly number[];
}

const PACE: Pace = { lookEvery: 5_000, lease: 90_000, delays: [5_000, 60_000] };
/** Questions at once from this process: calls come first. */
const MOST = 2;
/** A thread on which so many processes have died is given up before it is asked about. */
const MOST_ATTEMPTS = 5;

export interface Analyzing {
  /** There is something to analyze. */
  wake(): void;
  readonly ended: Promise<void>;
}

interface Parts {
  readonly analyses: Analyses;
  /** The chat model's own server. */
  readonly server: ModelServer;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly pace?: Pace;
}

/**
 * Asks models about calls that are over until the signal aborts, side by side with any number of processes that do the same. A thread gets one result, an
 * analysis or the code of why there is none; where a process dies in the middle of it another asks again.
 */
export function keepAnalyzing(parts: Parts): Analyzing {
  const analyzing = new KeepAnalyzing(parts);
  return { wake: () => analyzing.wake(), ended: analyzing.run() };
}

class KeepAnalyzing {
  readonly #parts: Parts;
  readonly #pace: Pace;
  readonly #underWay = new Set<Promise<void>>();
  #waking = new AbortController();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#pace = parts.pace ?? PACE;
  }

  wake(): void {
    this.#waking.abort(new Error('there is something to do'));
  }

  async run(): Promise<void> {
    const { clock, log, signal } = this.#parts;
    let isAway = false;
    while (!signal.aborted) {
      const waking = (this.#waking = new AbortController());
      try {
        while (await this.#claimSome());
        isAway = false;
      } catch (cause) {
        const { code, message } = asAttendantError(cause);
        if (!isAway) log.warn({ code, cause: message }, 'what is to be analyzed cannot be read; it waits');
        isAway = true;
      }
      // Also where somebody woke it meanwhile.
      const rest = AbortSignal.any([signal, waking.signal]);
      await clock.sleep(this.#pace.lookEvery, rest).catch(() => undefined);
    }
    await Promise.all(this.#underWay);
  }

  /** One thread of each organization; false where none had any, or enough is under way. */
  async #claimSome(): Promise<boolean> {
    const { analyses, signal } = this.#parts;
    let found = false;
    for (const organization of await analyses.organizations()) {
      if (signal.aborted || this.#underWay.size >= MOST) return false;
      const claim = await analyses.claim(organization, this.#pace.lease);
      if (!claim) continue;
      found = true;
      const doing = this.#analyze(claim)
        .catch((cause: unknown) => {
          // Its claim runs out, and somebody asks again.
          const { code, message } = asAttendantError(cause);
          this.#parts.log.warn(
            { code, cause: message, call: claim.thread },
            'an analysis could not be settled',
          );
        })
        .finally(() => {
          this.#underWay.delete(doing);
          this.wake();
        });
      this.#underWay.add(doing);
    }
    return found;
  }

  async #analyze(claim: AnalysisClaim): Promise<void> {
    const { analyses, clock, log, signal } = this.#parts;
    const found = await analyses.read(claim);
    if (!found) {
      await analyses.drop(claim);
      return;
    }
    const { thread, ask } = found;
    const at = () => timestamp(clock);
    const failed = async (error: AttendantError, use?: ModelUse) => {
      log.warn({ code: error.code, call: thread.id, cause: error.message }, 'a call could not be analyzed');
      const analysis = { status: 'failed', code: error.code, at: at() } as const;
      await analyses.settle(claim, entryOf(analysis, thread, ask, use, at()));
    };
    if (claim.attempt > MOST_ATTEMPTS) {
      await failed(new AttendantError('E_INTERNAL', 'it was tried too often, and never came to an end'));
      return;
    }
    let use: ModelUse | undefined;
    try {
      const server = this.#serverFor(ask);
      const question = questionAbout(thread.history, ask);
      const asked = await askModel(server, question, { timeout: ask.timeout * 1_000, signal });
      use = asked.use;
      const analysis = {
        status: 'done',
        model: ask.model,
        at: at(),
        ...findingsIn(asked.written, ask),
      } as const;
      await analyses.settle(claim, entryOf(analysis, thread, ask, use, at()));
    } catch (thrown) {
      if (signal.aborted) {
        // Redis may be on its way out too; then the claim runs out.
        await analyses.giveBack(claim, 0, { counts: false }).catch(() => undefined);
        return;
      }
      const error = asAttendantError(thrown);
      const delay = this.#pace.delays[claim.attempt - 1];
      if (error.code.startsWith('E_REDIS_')) throw error;
      if (error instanceof ServerTrouble && error.passes && delay !== undefined)
        await analyses.giveBack(claim, delay, { counts: true });
      else await failed(error, use);
    }
  }

  /** @throws AttendantError E_ANALYSIS_NO_MODEL */
  #serverFor({ model, base_url_env, api_key_env, temperature }: AnalysisAsk): ChatServer {
    const { server, env } = this.#parts;
    const isKeyless = base_url_env === undefined && !server.real;
    const asked = isKeyless ? undefined : serverOf(server, { base_url_env, api_key_env }, env);
    if (!asked) throw new AttendantError('E_ANALYSIS_NO_MODEL', 'no chat model is set that could be asked');
    return { ...asked, model, temperature };
  }
}

function entryOf(
  analysis: AnalysisEntry['analysis'],
  thread: Thread,
  ask: AnalysisAsk,
  use: ModelUse | undefined,
  at: string,
): AnalysisEntry {
  return {
    kind: 'analysis',
    analysis,
    ...(use && { use }),
    // By the prices of the call's end, which the question carries: a call has one price file.
    ...(use && thread.cost && { cost: modelCost(use, ask.price) }),
    at,
  };
}
