import type { Config } from '../../config.ts';
import { requestApi } from '../ask.ts';

export interface CdrOptions {
  readonly from?: string;
  readonly to?: string;
  readonly limit?: string;
  readonly after?: string;
  readonly organization: string;
}

/**
 * `attendant cdr`: writes the call detail records that `GET /cdr.csv` gives, as they come.
 *
 * @throws AttendantError as `requestApi`, E_API_UNREACHABLE where the answer breaks off
 */
export async function cdrCommand(
  config: Pick<Config, 'apiKeys' | 'ports'>,
  options: CdrOptions,
  write: (text: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { organization, ...query } = options;
  const path = `/cdr.csv?${new URLSearchParams(query).toString()}`;
  await requestApi(config, { method: 'GET', path, organization, signal }, async (response) => {
    const decoder = new TextDecoder();
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>)
      await write(decoder.decode(chunk, { stream: true }));
  });
}
