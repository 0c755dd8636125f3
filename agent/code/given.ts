import type { Call, CalledBy, CallFetch, CallLog, Headers } from './call.ts';
import type { Ask, Facts, Fetched } from './messages.ts';

const USUAL_TIMEOUT = 10;
/** Answers that have no body (Fetch, section 2.2.3). */
const BODILESS = [204, 205, 304];

/** What a function is given of its call, on the inside of its thread. */
export class Given {
  readonly #facts: Facts;
  readonly #ask: (of: Ask) => Promise<unknown>;
  readonly #log: CallLog;
  readonly #over = new AbortController();
  #state: Readonly<Record<string, unknown>>;

  constructor(
    facts: Facts,
    way: { ask: (of: Ask) => Promise<unknown>; log: (level: 'info' | 'warn', words: string) => void },
  ) {
    this.#facts = facts;
    this.#ask = way.ask;
    this.#state = facts.state;
    this.#log = {
      info: (words) => way.log('info', asText(words)),
      warn: (words) => way.log('warn', asText(words)),
    };
  }

  abort(): void {
    this.#over.abort(new Error('the time of the function is over, or the call is'));
  }

  caller(): CalledBy {
    const { caller, headers, vars } = this.#facts;
    return {
      ...caller,
      headers: headersOf(headers),
      vars,
      now: () => Date.now(),
      signal: this.#over.signal,
      log: this.#log,
      fetch: this.#fetch,
    };
  }

  call(): Call {
    const { caller, headers, vars, thread, agent } = this.#facts;
    const stateNow = () => this.#state;
    return {
      caller,
      thread,
      agent,
      headers: headersOf(headers),
      vars,
      get state() {
        return stateNow();
      },
      setState: async (values) => {
        this.#state = (await this.#ask({ what: 'setState', values: plain(values) })) as Facts['state'];
      },
      gotoFlow: async (flow) => {
        await this.#ask({ what: 'gotoFlow', flow: asText(flow) });
      },
      say: async (text) => {
        await this.#ask({ what: 'say', text: asText(text) });
      },
      now: () => Date.now(),
      signal: this.#over.signal,
      log: this.#log,
      fetch: this.#fetch,
    };
  }

  readonly #fetch: CallFetch = async (url, options = {}) => {
    const { method = 'GET', headers = {}, body, timeout = USUAL_TIMEOUT } = options;
    const fetched = (await this.#ask({
      what: 'fetch',
      url: asText(url),
      method: asText(method).toUpperCase(),
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, asText(value)])),
      body: body === undefined ? undefined : asText(body),
      timeout,
    })) as Fetched;
    const { status } = fetched;
    const bytes = BODILESS.includes(status) ? null : Buffer.from(fetched.body);
    return new Response(bytes, { status, headers: fetched.headers });
  };
}

function headersOf(headers: Readonly<Record<string, string>>): Headers {
  const valueOf = (name: string) => {
    const key = asText(name).toLowerCase();
    return Object.hasOwn(headers, key) ? headers[key] : undefined;
  };
  return {
    get: valueOf,
    has: (name) => valueOf(name) !== undefined,
    entries: () => Object.entries(headers),
  };
}

/** Only what is JSON crosses to the call. */
function plain(values: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(values)) as Record<string, unknown>;
}

/** The code is TypeScript by its word only: what it gives for a text may be anything. */
function asText(value: unknown): string {
  return String(value);
}
