/** A member of what is JSON. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Who calls, before anyone answers. All of it is a stranger's text. */
export interface CalledBy {
  readonly number: string;
  readonly name: string;
  /** The number or the SIP user that was dialed. */
  readonly dialed: string;
  /** LiveKit's id of the trunk. */
  readonly trunk: string;
  /** The PBX's own id of the call; undefined where it gave none. */
  readonly uid: string | undefined;
  /** Headers of the INVITE by name, in any case. */
  readonly headers: Headers;
  /** Variables of the call, and behind them those of the definition. */
  readonly vars: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  now(): number;
  /** Aborts when the time of the function is over, or the call is. */
  readonly signal: AbortSignal;
  readonly log: CallLog;
  /** As {@link Call.fetch}. */
  fetch: CallFetch;
}

/** Headers of a SIP request, by names in any case. */
export interface Headers {
  get(name: string): string | undefined;
  has(name: string): boolean;
  entries(): [name: string, value: string][];
}

/** Words of a program for its operator; never what a caller said, nor who it is. */
export interface CallLog {
  info(words: string): void;
  warn(words: string): void;
}

/** Requests that reach public addresses, and private ones only where ATTENDANT_PRIVATE_NETWORKS allows them. Redirects are not followed. */
export type CallFetch = (
  url: string,
  options?: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    /** Seconds; 10 unless set. */
    readonly timeout?: number;
  },
) => Promise<Response>;

/** The call that a function runs in. */
export interface Call {
  readonly caller: Omit<CalledBy, 'headers' | 'vars' | 'now' | 'signal' | 'log' | 'fetch'>;
  /** Id of the thread. */
  readonly thread: string;
  /** Name of the agent. */
  readonly agent: string;
  readonly headers: Headers;
  readonly vars: Readonly<Record<string, string>>;
  /** What the call has collected, as far as this function knows: what it sets itself is in it. */
  readonly state: Readonly<Record<string, unknown>>;
  /** Keeps values as the definition declares them below `state`; rejects where one does not fit. */
  setState(values: Readonly<Record<string, Json>>): Promise<void>;
  /** The agent goes on in this flow, once the tool has returned. */
  gotoFlow(name: string): Promise<void>;
  /** Speaks, and resolves when it was heard or cut off. */
  say(text: string): Promise<void>;
  /** Milliseconds since 1970. */
  now(): number;
  /** Aborts when the time of the function is over, or the call is. */
  readonly signal: AbortSignal;
  readonly log: CallLog;
  fetch: CallFetch;
}

/** How a call ended, as its thread says it. */
export interface Ended {
  readonly result: 'completed' | 'transferred' | 'failed' | 'abandoned';
  readonly reason: string;
  readonly sip_status?: number;
}

/** Who answers, and how: what a rule below `routes` can say. Only one of agent, transfer and refuse. */
export interface Decision {
  readonly agent?: string;
  readonly transfer?: string;
  readonly refuse?: boolean;
  readonly greeting?:
    | { readonly kind: 'fixed'; readonly text: string }
    | { readonly kind: 'generated'; readonly instructions: string }
    | { readonly kind: 'none' };
  readonly vars?: Readonly<Record<string, string>>;
  /** Values that the state begins with. */
  readonly state?: Readonly<Record<string, Json>>;
  /** The flow that the call begins in. */
  readonly flow?: string;
}

/** Where a tool hands the caller over to, within `handoff` of the definition. */
export interface Handoff {
  readonly handoff:
    | {
        readonly invite: {
          readonly phone_number: string;
          readonly outbound_caller_id?: string;
          readonly outbound_endpoint?: string;
          readonly sip_headers?: Readonly<Record<string, string>>;
        };
      }
    | {
        readonly refer: (
          | { readonly phone_number: string; readonly refer_to?: undefined }
          | { readonly refer_to: string; readonly phone_number?: undefined }
        ) & { readonly sip_headers?: Readonly<Record<string, string>> };
      };
}
