import type { Config, ModelPart } from '../../config.ts';
import { callCost, priceOf } from '../../prices/call-cost.ts';
import type { OpenPrices } from '../../prices/open.ts';
import type { AnalysisAsk } from '../../threads/analysis.ts';
import type { Cost } from '../../threads/cost.ts';
import type { Entry, ThreadStart, ThreadWriter } from '../../threads/entry.ts';
import type { ModelUse } from '../../threads/measures.ts';
import type { Definition } from '../definition/definition.ts';
import { modelNameOf, type NamedServer } from '../definition/model-server.ts';
import { CHAT_MODEL } from '../definition/models.ts';
import type { TrunkNames } from './trunk-names.ts';

/** What the closing of threads needs of its process. */
export interface ClosingParts {
  readonly models: Config['models'];
  readonly prices: OpenPrices;
  readonly trunks: Pick<TrunkNames, 'look' | 'nameOf'>;
  /** Told when Redis has a thread that a model is to be asked about. */
  readonly onAsked: () => void;
}

/** A thread whose last entry also says what the call came to, and what a model is to be asked about it: known only then, and in that one step. */
export function closing(
  thread: ThreadWriter,
  definition: Definition | undefined,
  parts: ClosingParts,
): ThreadWriter {
  return new ClosingThread(thread, definition, parts);
}

class ClosingThread implements ThreadWriter {
  readonly start: ThreadStart;
  readonly #thread: ThreadWriter;
  readonly #definition: Definition | undefined;
  readonly #parts: ClosingParts;
  #models: readonly ModelUse[] = [];
  #answeredAt: string | undefined;
  #hasStirred = false;
  #asked = false;

  constructor(thread: ThreadWriter, definition: Definition | undefined, parts: ClosingParts) {
    this.start = thread.start;
    this.#thread = thread;
    this.#definition = definition;
    this.#parts = parts;
    if (this.#trunksArePriced()) void parts.trunks.look(this.start.caller.trunk);
  }

  append(entry: Entry): void {
    if (entry.kind === 'answered') this.#answeredAt ??= entry.at;
    if (entry.kind === 'measured') this.#models = entry.measures.models;
    if (entry.kind === 'message' && entry.message.role === 'user') this.#hasStirred = true;
    if (entry.kind === 'digits' && entry.collection.digits !== '') this.#hasStirred = true;
    this.#thread.append(entry.kind === 'ended' ? this.#closed(entry) : entry);
  }

  async flushed(signal: AbortSignal): Promise<void> {
    await this.#thread.flushed(signal);
    if (this.#asked) this.#parts.onAsked();
  }

  close(): void {
    this.#thread.close();
  }

  #closed(entry: Extract<Entry, { kind: 'ended' }>): Entry {
    const cost = this.#cost(entry.at);
    const analysis = this.#ask();
    this.#asked = analysis !== undefined;
    return { ...entry, ...(cost && { cost }), ...(analysis && { analysis }) };
  }

  #cost(endedAt: string): Cost | undefined {
    const prices = this.#parts.prices.current();
    if (!prices) return undefined;
    const { trunk } = this.start.caller;
    const name = this.#parts.trunks.nameOf(trunk);
    return callCost(prices, {
      // What the keyless servers do costs nothing, whatever names they go by.
      models: this.#models.filter(({ part }) => part === 'analysis' || this.#isReal(part)),
      duration: this.#answeredAt === undefined ? 0 : Date.parse(endedAt) - Date.parse(this.#answeredAt),
      trunk: trunk === '' ? [] : [...(name === undefined ? [] : [name]), trunk],
    });
  }

  /** Where the caller has said and pressed nothing there is nothing to find out. */
  #ask(): AnalysisAsk | undefined {
    const { analysis, models } = this.#definition ?? {};
    if (!analysis?.enabled || !this.#hasStirred) return undefined;
    const { temperature, language, timeout, fields } = analysis;
    const llm: NamedServer & { model?: string | undefined } = models?.llm ?? {};
    const model = analysis.model ?? modelNameOf(this.#parts.models.llm, llm, CHAT_MODEL);
    // Unless it has a server of its own, it is asked where the calls' chat model is.
    const base_url_env = analysis.base_url_env ?? llm.base_url_env;
    const usualKey = analysis.base_url_env === undefined ? llm.api_key_env : undefined;
    const api_key_env = analysis.api_key_env ?? usualKey;
    const prices = this.#parts.prices.current();
    const price = prices && priceOf(prices, model);
    return {
      model,
      timeout,
      ...(base_url_env !== undefined && { base_url_env }),
      ...(api_key_env !== undefined && { api_key_env }),
      ...(temperature !== undefined && { temperature }),
      ...(language !== undefined && { language }),
      ...(fields !== undefined && { fields }),
      ...(price && { price }),
    };
  }

  #isReal(part: ModelPart): boolean {
    const { realtime } = this.#definition?.models ?? {};
    if (realtime && part !== 'tts') return this.#parts.models.llm.real || realtime.base_url_env !== undefined;
    return this.#parts.models[part].real || this.#definition?.models[part].base_url_env !== undefined;
  }

  #trunksArePriced(): boolean {
    return Object.keys(this.#parts.prices.current()?.trunks ?? {}).length > 0;
  }
}
