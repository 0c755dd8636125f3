import { systemClock } from '../../base/clock.ts';
import { AttendantError } from '../../base/errors.ts';
import type { Config } from '../../config.ts';
import type { Thread } from '../../threads/thread.ts';
import { askApi } from '../ask.ts';

/** Milliseconds between looks at a call that is waited for. */
const LOOK_EVERY = 500;

export interface CallOptions {
  readonly agent: string;
  readonly var?: readonly string[];
  readonly header?: readonly string[];
  readonly trunk?: string;
  readonly callerId?: string;
  readonly uid?: string;
  readonly ringTimeout?: string;
  readonly wait?: boolean;
  readonly organization: string;
}

/**
 * `attendant call`: has an agent call somebody, over the API on this machine. Writes the thread's id, and with `wait` how the call ended.
 *
 * @returns the exit code: 1 where the call was waited for and did not end well.
 * @throws AttendantError as `askApi`
 */
export async function callCommand(
  config: Pick<Config, 'apiKeys' | 'ports'>,
  asked: { to: string; options: CallOptions },
  write: (line: string) => void,
  signal: AbortSignal,
): Promise<number> {
  const { to, options } = asked;
  const { agent, trunk, callerId, uid, ringTimeout, organization } = options;
  const body = {
    to,
    agent,
    ...(trunk !== undefined && { trunk }),
    ...(callerId !== undefined && { caller_id: callerId }),
    ...(uid !== undefined && { uid }),
    ...(ringTimeout !== undefined && { ring_timeout: Number(ringTimeout) }),
    vars: pairs('--var', options.var),
    headers: pairs('--header', options.header),
  };
  const placed = (await askApi(config, { method: 'POST', path: '/calls', organization, body })) as {
    id: string;
  };
  write(placed.id);
  if (!options.wait) return 0;
  for (;;) {
    await systemClock.sleep(LOOK_EVERY, signal);
    const path = `/threads/${placed.id}`;
    const { end_reason: end } = (await askApi(config, { method: 'GET', path, organization })) as Thread;
    if (!end) continue;
    write(
      [end.result, end.reason, ...(end.sip_status === undefined ? [] : [`SIP ${end.sip_status}`])].join(' '),
    );
    return end.result === 'completed' || end.result === 'transferred' ? 0 : 1;
  }
}

function pairs(option: string, given: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new AttendantError('E_BAD_REQUEST', `${option} ${text}: write it as name=value`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}
