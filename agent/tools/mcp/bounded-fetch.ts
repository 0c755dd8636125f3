import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { AllowedNetworks } from '../../../base/networks.ts';
import { webRequest } from '../../../base/web-request.ts';

/** Bytes of an answer that are read. */
const MOST_ANSWER = 1_024 * 1_024;
/** Answers that have no body (Fetch, section 2.2.3). */
const BODILESS = [202, 204, 205, 304];

/**
 * `fetch` as the transport of the MCP SDK calls it, within the bounds that every request to somebody else's server has. A stream that the server keeps
 * open to speak unasked (GET) has no end to wait for: it is refused as servers refuse it that have none (405), which the specification allows.
 *
 * @param timeout milliseconds for each request.
 */
export function boundedFetch(networks: AllowedNetworks, timeout: number, over: AbortSignal): FetchLike {
  return async (url, init = {}) => {
    const { method = 'GET', body, signal } = init;
    if (method === 'GET') return new Response(null, { status: 405 });
    // What tells the server that the session is over comes when the call is.
    const endsSession = method === 'DELETE';
    const headers = Object.fromEntries(new Headers(init.headers));
    const answer = await webRequest({
      method,
      url: String(url),
      headers: { ...headers, 'accept-encoding': 'identity' },
      body: typeof body === 'string' ? body : undefined,
      ...{ networks, timeout, limit: MOST_ANSWER },
      signal: AbortSignal.any([...(signal ? [signal] : []), ...(endsSession ? [] : [over])]),
    });
    if (answer.truncated) throw new Error(`the answer has more than ${MOST_ANSWER} bytes`);
    const { status } = answer;
    const texts = Object.entries(answer.headers).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, [value].flat().join(', ')]],
    );
    return new Response(BODILESS.includes(status) ? null : new Uint8Array(answer.body), {
      status,
      headers: Object.fromEntries(texts),
    });
  };
}
