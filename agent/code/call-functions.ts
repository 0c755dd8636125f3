import { AttendantError } from '../../base/errors.ts';
import type { AllowedNetworks } from '../../base/networks.ts';
import { webRequest } from '../../base/web-request.ts';
import type { CallerRecord } from '../../threads/entry.ts';
import type { JsonObject, Line } from '../tools/tool.ts';
import type { Functions } from './codes.ts';
import type { Ask, Facts, Fetched, Run } from './messages.ts';

/** Bytes of an answer that are read. */
const MOST_ANSWER = 512 * 1_024;
/** Milliseconds. */
const LONGEST_FETCH = 60_000;
const LONGEST_SAID = 4_000;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** The call, as far as a function may touch it. */
export type FunctionLine = Pick<Line, 'remember' | 'goto' | 'say' | 'over' | 'logged'>;

/** What is known of a call before anyone answers. */
export interface Known {
  readonly caller: CallerRecord & { readonly uid?: string | undefined };
  /** Of the definition, and those of the call, which win. */
  readonly vars: Readonly<Record<string, string>>;
  readonly networks: AllowedNetworks;
}

/** The functions of an agent's code, for one call. */
export class CallFunctions {
  readonly exported: Functions['exported'];
  readonly #functions: Functions;
  readonly #known: Known & { readonly agent: string; readonly thread: string };
  readonly #state: () => JsonObject;

  constructor(
    functions: Functions,
    known: Known & { readonly agent: string; readonly thread: string },
    state: () => JsonObject,
  ) {
    this.exported = functions.exported;
    this.#functions = functions;
    this.#known = known;
    this.#state = state;
  }

  /**
   * Runs one of them.
   *
   * @param options.line the call, as far as a function may touch it.
   * @throws AttendantError as `CodeThread.run`
   */
  run(run: Run, options: { timeout: number; line: FunctionLine; signal?: AbortSignal }): Promise<unknown> {
    const { timeout, line, signal = line.over } = options;
    const facts = factsOf(this.#known, this.#state());
    return this.#functions.thread.run(run, facts, (ask) => this.#answer(ask, line, signal), {
      timeout,
      signal,
      logged: (words) => line.logged(words),
    });
  }

  async #answer(ask: Ask, line: FunctionLine, signal: AbortSignal): Promise<unknown> {
    switch (ask.what) {
      case 'setState': {
        const fault = line.remember(ask.values);
        if (fault !== undefined) throw new AttendantError('E_STATE_REFUSED', fault);
        return this.#state();
      }
      case 'say':
        await line.say(ask.text.slice(0, LONGEST_SAID));
        return undefined;
      case 'gotoFlow':
        line.goto(ask.flow);
        return undefined;
      case 'fetch':
        return fetched(ask, this.#known.networks, signal);
      default:
        return ask satisfies never;
    }
  }
}

/** What a function is told of the call as it begins. */
export function factsOf(
  { caller, vars, agent, thread }: Known & { readonly agent: string; readonly thread: string },
  state: JsonObject,
): Facts {
  const { number, name, dialed, trunk, uid, headers } = caller;
  return { caller: { number, name, dialed, trunk, uid }, headers, vars, agent, thread, state };
}

/** A request that a function makes, within the same bounds as those of HTTP tools. */
export async function fetched(
  ask: Extract<Ask, { what: 'fetch' }>,
  networks: AllowedNetworks,
  signal: AbortSignal,
): Promise<Fetched> {
  const { url, method, headers, body, timeout } = ask;
  if (!METHODS.includes(method)) throw new AttendantError('E_BAD_REQUEST', `no method ${method}`);
  const answer = await webRequest({
    ...{ url, method, body, networks, signal },
    headers: { 'accept-encoding': 'identity', ...headers },
    timeout: Math.min(Math.max(timeout * 1_000, 1), LONGEST_FETCH) || LONGEST_FETCH,
    limit: MOST_ANSWER,
  });
  if (answer.truncated) throw new AttendantError('E_HTTP_TOOL_ANSWER', 'the answer is too long to be read');
  const texts = Object.entries(answer.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, [value].flat().join(', ')] as const],
  );
  return { status: answer.status, headers: Object.fromEntries(texts), body: new Uint8Array(answer.body) };
}
