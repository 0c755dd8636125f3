import type { Config } from '../config.ts';
import { AttendantError } from '../base/errors.ts';
import { findProgram, installPackages, type Purpose } from './packages.ts';
import type { Progress } from './progress.ts';
import { buildServer, findGo, findServer, type ServerName } from './servers.ts';

/** Full paths of the server programs. */
export interface Programs {
  readonly redisServer: string;
  readonly livekitServer: string;
  readonly livekitSip: string;
}

/**
 * Sets up what is missing on this machine: system packages through apt, the LiveKit servers built from source. Quick where nothing
 * is. Go fetches and compiles while apt installs, one build after the other because they share most packages.
 *
 * @throws AttendantError E_TOOL_MISSING naming what to install, and how.
 */
export async function setUp(
  config: Config,
  purposes: readonly Purpose[],
  progress: Progress,
  signal: AbortSignal,
): Promise<Programs> {
  const wanted = new Set<Purpose>(['run', ...purposes]);
  if (Object.values(config.models).some((model) => !model.real)) wanted.add('speech');
  const server = findServer('livekit-server', config);
  const sip = findServer('livekit-sip', config);
  if (!server || !sip) findGo(config);
  if (!sip) wanted.add('build');

  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const build = (name: ServerName) => buildServer(name, config, progress, either);
  const fail = (error: unknown): never => {
    failed.abort(error);
    throw error;
  };
  const packages = installPackages(config, wanted, progress, either).catch(fail);
  const livekitServer = (async () => server ?? (await build('livekit-server')))().catch(fail);
  const livekitSip = Promise.all([packages, livekitServer]).then(
    async () => sip ?? (await build('livekit-sip')),
  );
  const outcomes = await Promise.allSettled([packages, livekitServer, livekitSip]);
  if (failed.signal.aborted) throw failed.signal.reason;
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;

  const redisServer = findProgram(config.env, 'redis-server');
  if (!redisServer) throw new AttendantError('E_TOOL_MISSING', 'redis-server is not installed');
  return { redisServer, livekitServer: await livekitServer, livekitSip: await livekitSip };
}
