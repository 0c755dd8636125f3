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
  if (parts.has('livekit') && (await livekitIsThere(config))) {
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

async function livekitIsThere(config: Config): Promise<boolean> {
  const { livekit: port } = portsOf(config);
  const { url } = config.livekit;
  if (isLocal(url) && !(await listens(port))) return false;
  const answer = await asksLiveKit(config);
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

async function portsAreFree(config: Config, parts: ReadonlySet<Part>): Promise<void> {
  const ports = portsOf(config);
  if (parts.has('livekit')) {
    await assertFree(ports.livekitTcp, "LiveKit's media over TCP", 'LIVEKIT_URL');
    await assertFree(ports.livekitUdp, "LiveKit's media over UDP", 'LIVEKIT_URL', ['udp']);
  }
  if (parts.has('sip')) {
    await assertFree(ports.sip, 'SIP', 'SIP_PORT', ['udp', 'tcp']);
    await assertFree(ports.sipHealth, "livekit-sip's health", 'LIVEKIT_URL');
  }
  if (parts.has('speech')) await assertFree(ports.speech, 'speech', 'ATTENDANT_SPEECH_PORT');
  if (parts.has('worker')) await assertFree(ports.worker, 'worker', 'ATTENDANT_WORKER_PORT');
  if (parts.has('api')) await assertFree(ports.api, 'API', 'ATTENDANT_API_PORT');
}

/** Host and port of a URL: without the password that may be in it. */
function hostOf(url: string): string {
  return new URL(url).host;
}
