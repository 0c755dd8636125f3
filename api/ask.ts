import { AttendantError, ERRORS, type ErrorCode } from '../base/errors.ts';
import type { Config } from '../config.ts';

const TIMEOUT = 10_000;

/**
 * Asks the API on this machine, with the first key of ATTENDANT_API_KEYS that the organization has.
 *
 * @returns its answer's JSON; undefined where it has none.
 * @throws AttendantError E_API_UNREACHABLE, E_CONFIG for an organization without a key, or what the API answers
 */
export async function askApi(
  config: Pick<Config, 'apiKeys' | 'ports'>,
  asked: { method: string; path: string; organization?: string | undefined; body?: unknown },
): Promise<unknown> {
  const { method, path, organization, body } = asked;
  const key = config.apiKeys.find((each) => organization === undefined || each.organization === organization);
  if (!key)
    throw new AttendantError(
      'E_CONFIG',
      `ATTENDANT_API_KEYS has no key of the organization ${organization ?? ''}`,
    );
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(`http://127.0.0.1:${config.ports.api}${path}`, {
      method,
      headers: { 'api-key': key.key, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT),
    });
    answer = response.status === 204 ? undefined : await response.json();
  } catch (cause) {
    throw new AttendantError('E_API_UNREACHABLE', `no answer on port ${config.ports.api}`, { cause });
  }
  if (response.ok) return answer;
  const { code, detail } = answer as { code?: string; detail?: string };
  throw new AttendantError(
    isCode(code) ? code : 'E_INTERNAL',
    detail ?? `the API answered ${response.status}`,
  );
}

const isCode = (code: string | undefined): code is ErrorCode =>
  code !== undefined && Object.hasOwn(ERRORS, code);
