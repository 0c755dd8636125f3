import { AttendantError } from '../../base/errors.ts';
import type { Config } from '../../config.ts';
import { askApi } from '../ask.ts';

const ACTIONS = ['list', 'take', 'return'] as const;

export interface NumberOptions {
  readonly agent?: string;
  readonly region?: string;
  readonly organization: string;
}

interface Shown {
  readonly number: string;
  readonly region: string | null;
  readonly agent: string | null;
}

/**
 * `attendant number`: lists, takes and returns numbers, over the API on this machine.
 *
 * @throws AttendantError E_BAD_REQUEST, and as `askApi`
 */
export async function numberCommand(
  config: Pick<Config, 'apiKeys' | 'ports'>,
  asked: { action: string; number: string | undefined; options: NumberOptions },
  write: (line: string) => void,
): Promise<void> {
  const { action, number, options } = asked;
  const { agent, region, organization } = options;
  switch (action) {
    case 'list': {
      const answer = await askApi(config, { method: 'GET', path: '/numbers', organization });
      for (const one of (answer as { numbers: Shown[] }).numbers) write(row(one));
      return;
    }
    case 'take': {
      if (agent === undefined) throw new AttendantError('E_BAD_REQUEST', 'say who answers it: --agent');
      const body = {
        agent,
        ...(number !== undefined && { number }),
        ...(region !== undefined && { region }),
      };
      write(row((await askApi(config, { method: 'POST', path: '/numbers', organization, body })) as Shown));
      return;
    }
    case 'return': {
      if (number === undefined) throw new AttendantError('E_BAD_REQUEST', 'say which number');
      const path = `/numbers/${encodeURIComponent(number)}`;
      await askApi(config, { method: 'DELETE', path, organization });
      return;
    }
    default:
      throw new AttendantError('E_BAD_REQUEST', `${action} is none of ${ACTIONS.join(', ')}`);
  }
}

const row = ({ number, region, agent }: Shown): string => [number, region ?? '-', agent ?? 'free'].join('  ');
