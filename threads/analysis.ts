import type { ModelPrice } from './cost.ts';

/** What a model is to be asked about a call when it is over: on the entry that ends it, so that any worker can ask, whatever its files say by then. */
export interface AnalysisAsk {
  readonly model: string;
  /** Variables of the worker's environment with the server's base URL and key; else the chat model's own. */
  readonly base_url_env?: string | undefined;
  readonly api_key_env?: string | undefined;
  readonly temperature?: number | undefined;
  /** Of what is written; else that of the call. */
  readonly language?: string | undefined;
  /** Seconds. */
  readonly timeout: number;
  /** JSON Schema of an object: what else is to be found out. */
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
  /** What the model costs, by the price file of the call's end. */
  readonly price?: ModelPrice | undefined;
}

export type Sentiment = 'positive' | 'neutral' | 'negative' | 'mixed';

/** What a model found in a call that is over. */
export interface Findings {
  readonly summary: string;
  /** The caller's, over the whole call. */
  readonly sentiment: Sentiment;
  /** What is still to be done, each a sentence. */
  readonly follow_ups: readonly string[];
  /** What the definition asks for besides. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

export type Analysis =
  | { readonly status: 'pending' }
  | ({ readonly status: 'done'; readonly model: string; readonly at: string } & Findings)
  | { readonly status: 'failed'; readonly code: string; readonly at: string };
