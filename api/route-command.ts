import { AttendantError } from '../base/errors.ts';
import { systemClock } from '../base/clock.ts';
import type { Config } from '../config.ts';
import { explainRoute } from './explain-route.ts';
import { createLog } from '../base/log.ts';

/** `attendant route`, as the command line gives it. */
export interface RouteOptions {
  readonly to: string;
  readonly from: string;
  readonly agent?: string;
  readonly trunk?: string;
  readonly header: Readonly<Record<string, string>>;
  readonly var: Readonly<Record<string, string>>;
  readonly at?: string;
}

/** @throws AttendantError E_CONFIG when the time is none. */
export async function routeCommand(
  config: Config,
  options: RouteOptions,
  write: (line: string) => void,
): Promise<void> {
  const at = options.at === undefined ? systemClock.now() : Date.parse(options.at);
  if (Number.isNaN(at))
    throw new AttendantError(
      'E_CONFIG',
      `--at ${options.at ?? ''} is no time; write it as 2026-12-25T10:00:00+01:00`,
    );
  const { to, from, agent, trunk, header: headers, var: vars } = options;
  const call = { to, from, agent, trunk, headers, vars, at };
  (await explainRoute(config, call, createLog('route', 'error'))).forEach(write);
}
