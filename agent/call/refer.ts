import type { Clock } from '../../base/clock.ts';
import type { LiveKit, ReferResult } from '../../livekit/client.ts';
import type { TransferAttempt, TransferStatus } from '../../threads/entry.ts';
import type { Destination } from '../definition/definition.ts';

/** The leg that is transferred: a SIP participant of a room. */
export interface Leg {
  readonly room: string;
  readonly identity: string;
}

/**
 * Transfers the leg by REFER (RFC 3515): the PBX calls the destination, and the call leaves us.
 *
 * @param gone aborts when the caller hangs up meanwhile; the attempt is `canceled` then, whatever LiveKit answers afterwards.
 */
export async function refer(
  livekit: LiveKit,
  leg: Leg,
  destination: Destination,
  { clock, gone }: { clock: Clock; gone: AbortSignal },
): Promise<TransferAttempt> {
  const began = clock.now();
  const attempt = (
    status: TransferStatus,
    cause: string | null,
    code: number | null,
    sipStatus: number | null,
  ): TransferAttempt => ({
    status,
    cause,
    code,
    sip_status: sipStatus,
    method: 'refer',
    to: destination.to,
    seconds: Math.round((clock.now() - began) / 10) / 100,
  });
  const given = new AbortController();
  const answer = livekit.sip.refer(leg, destination.to, {
    headers: destination.headers,
    ringTimeout: destination.ring_timeout * 1_000,
    signal: given.signal,
  });
  const hungUp = new Promise<'gone'>((resolve) => {
    if (gone.aborted) resolve('gone');
    else gone.addEventListener('abort', () => resolve('gone'), { once: true });
  });
  const result = await Promise.race([answer, hungUp]);
  if (result === 'gone') {
    answer.catch(() => undefined); // Its answer no longer matters: nobody is there to be transferred.
    given.abort();
    return attempt('canceled', 'caller_hung_up', null, null);
  }
  if (result.ok) return attempt('completed', null, null, null);
  const [status, cause, code] = classify(result);
  return attempt(status, cause, code, result.sipStatus);
}

/** What a refused REFER, or the NOTIFY after it, says (RFC 3261 section 21). */
export function classify(result: ReferResult & { ok: false }): [TransferStatus, string, number | null] {
  const status = result.sipStatus;
  if (status === null) {
    return result.livekitCode === 'deadline_exceeded'
      ? ['timeout', 'no_notify', null]
      : ['failed', result.livekitCode, null];
  }
  switch (status) {
    case 486:
    case 600:
      return ['busy', 'busy', null];
    case 408:
    case 480:
      return ['no-answer', 'no_answer', null];
    case 403:
    case 603:
      return ['rejected', 'rejected', null];
    case 401:
    case 407:
      return ['failed', 'sip_auth_failed', 4240];
    case 405:
    case 501:
      return ['failed', 'refer_unsupported', null];
    case 404:
      return ['failed', 'not_found', null];
    default:
      return ['failed', status >= 500 ? 'server_error' : 'refused', null];
  }
}
