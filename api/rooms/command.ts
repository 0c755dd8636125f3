import { AttendantError } from '../../base/errors.ts';
import type { Config } from '../../config.ts';
import { requestApi } from '../ask.ts';

export interface RoomOptions {
  readonly agent?: string;
  readonly for?: string;
  readonly uid?: string;
  readonly var: Readonly<Record<string, string>>;
  readonly overrides?: string;
  readonly hangUp?: boolean;
  readonly organization: string;
}

interface Shown {
  readonly id: string;
  readonly agent: string;
  readonly participant_identity: string;
  readonly identity: string | null;
  readonly state: string;
  readonly by: string;
}

/** Milliseconds; an agent that is on its way is waited for. */
const TIMEOUT = 40_000;

/**
 * `attendant room`: lists the agents of a room, starts one, or stops one, over the API on this machine.
 *
 * @throws AttendantError as `requestApi`, and E_BAD_REQUEST for what is missing
 */
export async function roomCommand(
  config: Pick<Config, 'apiKeys' | 'ports'>,
  asked: { action: string; room: string; id: string | undefined; options: RoomOptions },
  write: (line: string) => void,
): Promise<void> {
  const { action, room, id, options } = asked;
  const { organization, agent, uid, overrides } = options;
  const path = `/rooms/${encodeURIComponent(room)}/agents`;
  const ask = (request: { method: string; path: string; body?: unknown }) =>
    requestApi(
      config,
      { ...request, organization, signal: AbortSignal.timeout(TIMEOUT) },
      async (response) => (response.status === 204 ? undefined : response.json()),
    );
  switch (action) {
    case 'list': {
      const { agents } = (await ask({ method: 'GET', path })) as { agents: Shown[] };
      for (const one of agents)
        write(
          [one.id, one.agent, one.participant_identity, one.identity ?? '-', one.state, one.by].join('\t'),
        );
      return;
    }
    case 'start': {
      if (agent === undefined || options.for === undefined)
        throw new AttendantError('E_BAD_REQUEST', 'say --agent <name> and --for <identity>');
      const body = {
        agent,
        participant_identity: options.for,
        ...(uid !== undefined && { uid }),
        vars: options.var,
        ...(overrides !== undefined && { overrides: parsed(overrides) }),
      };
      write(((await ask({ method: 'POST', path, body })) as Shown).id);
      return;
    }
    case 'stop': {
      if (id === undefined) throw new AttendantError('E_BAD_REQUEST', 'say which agent: thr_…');
      const query = options.hangUp ? '?hang_up=true' : '';
      await ask({ method: 'DELETE', path: `${path}/${encodeURIComponent(id)}${query}` });
      return;
    }
    default:
      throw new AttendantError('E_BAD_REQUEST', `${action}: write list, start or stop`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AttendantError('E_BAD_REQUEST', '--overrides is no JSON', { cause });
  }
}
