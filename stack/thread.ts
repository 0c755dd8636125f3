import type { Config } from '../config.ts';
import { AttendantError } from '../base/errors.ts';
import { portsOf } from './ports.ts';

/**
 * `attendant thread KEY`: prints the record of a call as the API on this machine gives it.
 *
 * @throws AttendantError E_NOT_FOUND where no API answers, E_THREAD_NOT_FOUND, E_UNAUTHORIZED.
 */
export async function printThread(config: Config, key: string, signal: AbortSignal): Promise<void> {
  const url = `http://127.0.0.1:${portsOf(config).api}/threads/${encodeURIComponent(key)}`;
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { 'api-key': config.apiKeys[0]?.key ?? '' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    });
  } catch (cause) {
    signal.throwIfAborted();
    throw new AttendantError('E_NOT_FOUND', `no API answers at ${url}; start one with: attendant api`, {
      cause,
    });
  }
  if (response.status === 401)
    throw new AttendantError('E_UNAUTHORIZED', 'the API does not accept the first of ATTENDANT_API_KEYS');
  if (response.status === 404)
    throw new AttendantError('E_THREAD_NOT_FOUND', `no thread has the id or UID ${key}`);
  if (!response.ok)
    throw new AttendantError('E_INTERNAL', `${url} answered ${response.status}: ${await response.text()}`);
  process.stdout.write(`${JSON.stringify(await response.json(), null, 2)}\n`);
}
