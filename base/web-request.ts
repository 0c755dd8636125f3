import { lookup } from 'node:dns';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { AttendantError, reasonOf } from './errors.ts';
import type { AllowedNetworks } from './networks.ts';

export interface WebRequest {
  readonly method: string;
  /** http: or https:, without credentials in it. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Where it may go besides the public internet. */
  readonly networks: AllowedNetworks;
  /** Milliseconds for all of it, from the look-up of the name to the last byte of the answer. */
  readonly timeout: number;
  /** Bytes of the answer's body that are read; more ends the reading (`truncated`). */
  readonly limit: number;
  readonly signal: AbortSignal;
}

export interface WebResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly truncated: boolean;
}

/**
 * A request to somebody else's server. It reaches no private address unless the networks allow it: the address that is connected to is
 * the one that was checked, so a name that points elsewhere a moment later (DNS rebinding) changes nothing. Redirects are not followed; an
 * answer is never longer nor slower than the bounds.
 *
 * @example
 * const { status } = await webRequest({ method: 'POST', url, headers: {}, body, networks, timeout: 10_000, limit: 65_536, signal });
 *
 * @throws AttendantError E_ADDRESS_REFUSED, E_TIMEOUT, E_WEB_UNREACHABLE; the signal's reason
 */
export async function webRequest(options: WebRequest): Promise<WebResponse> {
  const { method, networks, body, timeout, limit, signal } = options;
  signal.throwIfAborted();
  const url = webUrl(options.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // A name is checked when it is looked up, an address is never looked up.
  if (isIP(host) !== 0 && !networks.permits(host)) throw refused(host);
  const late = AbortSignal.timeout(timeout);
  const either = AbortSignal.any([signal, late]);
  try {
    return await new Promise<WebResponse>((resolve, reject) => {
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const request = send(url, {
        method,
        headers: {
          ...options.headers,
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        },
        // A connection for each: one that is kept was checked for another name.
        agent: false,
        lookup: checkedLookup(networks),
        signal: either,
      });
      request.once('error', reject);
      request.once('response', (response) => void read(response, limit).then(resolve, reject));
      request.end(body);
    });
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof AttendantError) throw cause;
    if (late.aborted)
      throw new AttendantError('E_TIMEOUT', `${url.host} did not answer within ${timeout / 1000} s`, {
        cause,
      });
    throw new AttendantError('E_WEB_UNREACHABLE', `${url.host} cannot be reached: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/**
 * The URL, if it is one that a request to the outside may have.
 *
 * @throws AttendantError E_BAD_REQUEST
 */
export function webUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw new AttendantError('E_BAD_REQUEST', 'the address is no http: or https: URL');
  if (url.username !== '' || url.password !== '')
    throw new AttendantError('E_BAD_REQUEST', 'the URL has credentials in it; send a header instead');
  return url;
}

function checkedLookup(networks: AllowedNetworks): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) {
        callback(error, '', 0);
        return;
      }
      const permitted = found.filter(({ address }) => networks.permits(address));
      const [first] = permitted;
      if (!first) callback(refused(hostname), '', 0);
      else if (options.all) callback(null, permitted);
      else callback(null, first.address, first.family);
    });
  };
}

function refused(host: string): AttendantError {
  return new AttendantError('E_ADDRESS_REFUSED', `${host} is a private address`);
}

async function read(response: IncomingMessage, limit: number): Promise<WebResponse> {
  const { statusCode: status = 0, headers } = response;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) break; // Which also ends the connection.
  }
  return { status, headers, body: Buffer.concat(chunks).subarray(0, limit), truncated: length > limit };
}
