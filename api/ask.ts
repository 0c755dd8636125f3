import { AttendantError, ERRORS, type ErrorCode } from '../base/errors.ts';
import type { Config } from '../config.ts';

const TIMEOUT = 10_000;

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly organization?: string | undefined;
  readonly body?: unknown;
}

/**
 * Asks the API on this machine, with the first key of ATTENDANT_API_KEYS that the organization has.
 *
 * @returns its answer's JSON; undefined where it has none.
 * @throws AttendantError as `requestApi`
 */
export function askApi(config: Pick<Config, 'apiKeys' | 'ports'>, asked: Asked): Promise<unknown> {
  const signal = AbortSignal.timeout(TIMEOUT);
  return requestApi(config, { ...asked, signal }, async (response) =>
    response.status === 204 ? undefined : response.json(),
  );
}

/**
 * The same, for answers that `read` reads itself where they are a success.
 *
 * @throws AttendantError E_API_UNREACHABLE, E_CONFIG for an organization without a key, or what the API answers
 */
export async function requestApi<T>(
  config: Pick<Config, 'apiKeys' | 'ports'>,
  asked: Asked & { readonly signal: AbortSignal },
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const { method, path, organization, body, signal } = asked;
  const key = config.apiKeys.find((each) => organization === undefined || each.organization === organization);
  if (!key)
    throw new AttendantError(
      'E_CONFIG',
      `ATTENDANT_API_KEYS has no key of the organization ${organization ?? ''}`,
    );
  let answer: unknown;
  let status: number;
  try {
    const response = await fetch(`http://127.0.0.1:${config.ports.api}${path}`, {
      method,
      headers: { 'api-key': key.key, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal,
    });
    if (response.ok) return await read(response);
    ({ status } = response);
    answer = await response.json();
  } catch (cause) {
    throw new AttendantError('E_API_UNREACHABLE', `no answer on port ${config.ports.api}`, { cause });
  }
  const { code, detail } = answer as { code?: string; detail?: string };
  throw new AttendantError(isCode(code) ? code : 'E_INTERNAL', detail ?? `the API answered ${status}`);
}

const isCode = (code: string | undefined): code is ErrorCode =>
  code !== undefined && Object.hasOwn(ERRORS, code);
