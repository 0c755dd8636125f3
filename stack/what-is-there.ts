import type { Config } from '../config.ts';
import { AttendantError } from '../base/errors.ts';
import { answersPing, asksLiveKit, listens } from './facts.ts';
import type { Part } from './part.ts';
import { holderOf } from './port-holder.ts';
import { assertFree, isLocal, portsOf } from './ports.ts';
import type { Progress } from './progress.ts';

/**
 * Which of the wanted parts are to be started here: not a Redis that answers, not a LiveKit that accepts our key, not the SIP service of a
 * LiveKit elsewhere, not `speech` where every model is real.
 *
 * @throws AttendantError E_PORT_IN_USE where anything else holds a port; E_REDIS_UNREACHABLE, E_LIVEKIT_UNREACHABLE, E_LIVEKIT_REFUSED for
 * servers that are set to be elsewhere.
 */
export async function partsToStart(
  config: Config,
  wanted: readonly Part[],
  progress: Progress,
  signal: AbortSignal,
): Promise<Part[]> {
  const parts = new Set(wanted);
  if (Object.values(config.models).every((model) => model.real)) parts.delete('speech');
  if (parts.has('redis') && (await redisIsThere(config, signal))) {
    progress.line(`  redis: using the one at ${hostOf(config.redisUrl)}`);
    parts.delete('redis');
  }
  if (parts.has('livekit') && (await livekitIsThere(config, signal))) {
    progress.line(`  livekit: using the one at ${hostOf(config.livekit.url)}`);
    parts.delete('livekit');
  }
  if (parts.has('sip') && !isLocal(config.livekit.url)) {
    progress.line(`  sip: calls come in at the SIP service of ${hostOf(config.livekit.url)}`);
    parts.delete('sip');
  }
  await portsAreFree(config, parts);
  return [...parts];
}

async function redisIsThere(config: Config, signal: AbortSignal): Promise<boolean> {
  const { redis: port } = portsOf(config);
  if (isLocal(config.redisUrl) && !(await listens(port))) return false;
  if (await answersPing(config.redisUrl, signal)) return true;
  signal.throwIfAborted();
  if (!isLocal(config.redisUrl)) {
    throw new AttendantError(
      'E_REDIS_UNREACHABLE',
      `no Redis lets us in at ${hostOf(config.redisUrl)} (REDIS_URL)`,
    );
  }
  throw new AttendantError(
    'E_PORT_IN_USE',
    `port ${port} (Redis) is held by ${holderOf(port, 'tcp')}, which does not answer as a Redis that lets us in: end it, or set REDIS_URL`,
  );
}

async function livekitIsThere(config: Config, signal: AbortSignal): Promise<boolean> {
  const { livekit: port } = portsOf(config);
  const { url } = config.livekit;
  if (isLocal(url) && !(await listens(port))) return false;
  const answer = await asksLiveKit(config, signal);
  if (answer === 'accepts') return true;
  if (isLocal(url)) {
    throw new AttendantError(
      'E_PORT_IN_USE',
      `port ${port} (LiveKit) is held by ${holderOf(port, 'tcp')}, which does not accept our LIVEKIT_API_KEY: end it, set its key, or set LIVEKIT_URL`,
    );
  }
  if (answer === 'silent')
    throw new AttendantError('E_LIVEKIT_UNREACHABLE', `nothing answers at ${hostOf(url)} (LIVEKIT_URL)`);
  throw new AttendantError(
    'E_LIVEKIT_REFUSED',
    `the LiveKit at ${hostOf(url)} does not accept LIVEKIT_API_KEY`,
  );
}

interface PortUse {
  readonly part: Part;
  readonly port: number;
  readonly what: string;
  /** The variable that moves it. */
  readonly setting: string;
  readonly protocols?: readonly ('tcp' | 'udp')[];
}

/** Every port that is bound for good, by the part that binds it. */
function portUses(config: Config): PortUse[] {
  const ports = portsOf(config);
  return [
    { part: 'redis', port: ports.redis, what: 'Redis', setting: 'REDIS_URL' },
    { part: 'livekit', port: ports.livekit, what: 'LiveKit', setting: 'LIVEKIT_URL' },
    { part: 'livekit', port: ports.livekitTcp, what: "LiveKit's media over TCP", setting: 'LIVEKIT_URL' },
    {
      part: 'livekit',
      port: ports.livekitUdp,
      what: "LiveKit's media over UDP",
      setting: 'LIVEKIT_URL',
      protocols: ['udp'],
    },
    { part: 'sip', port: ports.sip, what: 'SIP', setting: 'SIP_PORT', protocols: ['udp', 'tcp'] },
    { part: 'sip', port: ports.sipHealth, what: "livekit-sip's health", setting: 'LIVEKIT_URL' },
    { part: 'speech', port: ports.speech, what: 'speech', setting: 'ATTENDANT_SPEECH_PORT' },
    { part: 'worker', port: ports.worker, what: 'worker', setting: 'ATTENDANT_WORKER_PORT' },
    { part: 'api', port: ports.api, what: 'API', setting: 'ATTENDANT_API_PORT' },
  ];
}

async function portsAreFree(config: Config, parts: ReadonlySet<Part>): Promise<void> {
  const uses = portUses(config).filter(({ part }) => parts.has(part));
  for (const [i, { port, what, setting }] of uses.entries()) {
    const other = uses.slice(i + 1).find((one) => one.port === port);
    if (!other) continue;
    throw new AttendantError(
      'E_CONFIG',
      `port ${port} is meant for both ${what} (from ${setting}) and ${other.what} (from ${other.setting})`,
    );
  }
  for (const { port, what, setting, protocols } of uses) await assertFree(port, what, setting, protocols);
}

/** Host and port of a URL: without the password that may be in it. */
function hostOf(url: string): string {
  return new URL(url).host;
}
