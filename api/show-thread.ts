import { AttendantError, ERRORS, type ErrorCode } from '../base/errors.ts';
import type { Config } from '../config.ts';

const TIMEOUT = 10_000;

/**
 * The thread of an id or UID as indented JSON, asked of the API on this machine with the first key of ATTENDANT_API_KEYS.
 *
 * @throws AttendantError E_API_UNREACHABLE, or what the API answers, e.g. E_THREAD_NOT_FOUND
 */
export async function showThread(config: Pick<Config, 'apiKeys' | 'ports'>, key: string): Promise<string> {
  const url = `http://127.0.0.1:${config.ports.api}/threads/${encodeURIComponent(key)}`;
  const headers = { 'api-key': config.apiKeys[0]?.key ?? '' };
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT) });
    answer = await response.json();
  } catch (cause) {
    throw new AttendantError('E_API_UNREACHABLE', `no answer on port ${config.ports.api}`, { cause });
  }
  if (response.ok) return JSON.stringify(answer, null, 2);
  const { code, detail } = answer as { code?: string; detail?: string };
  throw new AttendantError(
    isCode(code) ? code : 'E_INTERNAL',
    detail ?? `the API answered ${response.status}`,
  );
}

const isCode = (code: string | undefined): code is ErrorCode =>
  code !== undefined && Object.hasOwn(ERRORS, code);
