/** What is known of a call when one of its functions begins. JSON. */
export interface Facts {
  readonly caller: {
    readonly number: string;
    readonly name: string;
    readonly dialed: string;
    readonly trunk: string;
    readonly uid: string | undefined;
  };
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, string>>;
  readonly agent: string;
  readonly thread: string;
  readonly state: Readonly<Record<string, unknown>>;
}

/** Which function, and what it is given besides the call. */
export type Run =
  | { readonly what: 'tool'; readonly name: string; readonly args: unknown }
  | { readonly what: 'onEnter' }
  | { readonly what: 'onExit'; readonly ending: unknown }
  | { readonly what: 'route' };

/** What a function asks of its call. */
export type Ask =
  | { readonly what: 'setState'; readonly values: Record<string, unknown> }
  | { readonly what: 'gotoFlow'; readonly flow: string }
  | { readonly what: 'say'; readonly text: string }
  | {
      readonly what: 'fetch';
      readonly url: string;
      readonly method: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string | undefined;
      /** Seconds. */
      readonly timeout: number;
    };

/** An answer of a server, as it crosses to the thread. */
export interface Fetched {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A tool of the code, as the model gets it. */
export interface CodeTool {
  readonly name: string;
  readonly description: string;
  readonly parameters: Record<string, unknown>;
  /** Seconds. */
  readonly timeout: number;
}

/** What a file of code exports. */
export interface Exported {
  readonly tools: readonly CodeTool[];
  readonly onEnter: boolean;
  readonly onExit: boolean;
  readonly route: boolean;
}

/** Something wrong, and where, as far as that is known. */
export interface Fault {
  readonly what: string;
  readonly line: number | undefined;
  /** Of the folder that the code lies in. */
  readonly file: string | undefined;
}

export type ToThread =
  | { readonly kind: 'run'; readonly id: number; readonly run: Run; readonly facts: Facts }
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'reply'; readonly ask: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly ask: number; readonly message: string }
  | { readonly kind: 'ping' };

export type FromThread =
  | { readonly kind: 'ready'; readonly exported: Exported }
  | { readonly kind: 'unusable'; readonly fault: Fault }
  /** `value`: JSON, undefined where it returned nothing. */
  /** The function runs: it is not to be run again, whatever becomes of the thread. */
  | { readonly kind: 'begun'; readonly id: number }
  | { readonly kind: 'returned'; readonly id: number; readonly value: string | undefined }
  | {
      readonly kind: 'threw';
      readonly id: number;
      readonly fault: Fault;
      readonly because: 'thrown' | 'arguments' | 'result';
    }
  | { readonly kind: 'ask'; readonly id: number; readonly ask: number; readonly of: Ask }
  | {
      readonly kind: 'log';
      readonly id: number;
      readonly level: 'info' | 'warn';
      readonly words: string;
    }
  /** Nobody waited for it: a rejection or an exception outside of a function. */
  | { readonly kind: 'stray'; readonly fault: Fault }
  | { readonly kind: 'pong' };
