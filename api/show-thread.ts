import type { Config } from '../config.ts';
import { askApi } from './ask.ts';

/**
 * The thread of an id or UID as indented JSON, asked of the API on this machine with the first key of ATTENDANT_API_KEYS.
 *
 * @throws AttendantError as `askApi`, e.g. E_THREAD_NOT_FOUND
 */
export async function showThread(config: Pick<Config, 'apiKeys' | 'ports'>, key: string): Promise<string> {
  const path = `/threads/${encodeURIComponent(key)}`;
  return JSON.stringify(await askApi(config, { method: 'GET', path }), null, 2);
}
