import { createSocket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import type { Config } from '../config.ts';
import { AttendantError } from '../base/errors.ts';
import { holderOf } from './port-holder.ts';

/** Every port of a stack on one machine. TCP, but for `livekitUdp`, `sip` (both) and `rtp` (UDP). */
export interface Ports {
  readonly redis: number;
  readonly livekit: number;
  readonly livekitTcp: number;
  readonly livekitUdp: number;
  readonly sip: number;
  readonly sipHealth: number;
  /** First and last port of the SIP legs' media. */
  readonly rtp: readonly [number, number];
  readonly speech: number;
  readonly worker: number;
  readonly api: number;
}

const DEFAULT_SIP_PORT = 5060;
const DEFAULT_RTP: readonly [number, number] = [10_000, 20_000];
/** Ports of a stack that is not on the default ones: its own first ten, then a thousand for media. */
const BLOCK = 1_024;
/** Blocks lie above the well-known ports and below those that the kernel gives out for outgoing connections. */
const FIRST_BLOCK = 10;
const BLOCKS = 21;
const GUARD = 9;

/** The ports that the settings mean. Those without a setting follow from LiveKit's and SIP's, so that two stacks never share one. */
export function portsOf(config: Config): Ports {
  const livekit = portOf(config.livekit.url, 7880);
  const { sip, speech, worker, api } = config.ports;
  return {
    redis: portOf(config.redisUrl, 6379),
    livekit,
    livekitTcp: livekit + 1,
    livekitUdp: livekit + 2,
    sip,
    sipHealth: livekit + 3,
    rtp: sip === DEFAULT_SIP_PORT || sip + BLOCK > 65_535 ? DEFAULT_RTP : [sip + 10, sip + 1_000],
    speech,
    worker,
    api,
  };
}

/** True where the URL is of this machine, so that its server may be started here. */
export function isLocal(url: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);
}

/** The port of a URL. */
function portOf(url: string, fallback: number): number {
  return Number(new URL(url).port) || fallback;
}

/** @throws AttendantError E_PORT_IN_USE that names the process and what to set instead. */
export async function assertFree(
  port: number,
  what: string,
  setting: string,
  protocols: readonly ('tcp' | 'udp')[] = ['tcp'],
): Promise<void> {
  for (const protocol of protocols) {
    if (await (protocol === 'tcp' ? bindsTcp(port) : bindsUdp(port))) continue;
    throw new AttendantError(
      'E_PORT_IN_USE',
      `port ${port} (${what}) is held by ${holderOf(port, protocol)}: end that process, or set ${setting} to another port`,
    );
  }
}

/** A block of free ports, kept from every other caller of this on the machine until it is released or this process ends. */
export interface PortBlock {
  /** The settings that put a stack there. */
  readonly env: Readonly<Record<string, string>>;
  release(): void;
}

/** @throws AttendantError E_PORT_IN_USE when no block is free. */
export async function claimPorts(): Promise<PortBlock> {
  const start = Math.floor(Math.random() * BLOCKS);
  for (let i = 0; i < BLOCKS; i++) {
    const base = (FIRST_BLOCK + ((start + i) % BLOCKS)) * BLOCK;
    const guard = await listen(base + GUARD);
    if (!guard) continue;
    const own = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => bindsTcp(base + n)));
    const udp = await Promise.all([2, 5].map((n) => bindsUdp(base + n)));
    if (![...own, ...udp].every(Boolean)) {
      guard.close();
      continue;
    }
    guard.unref();
    const at = (n: number) => String(base + n);
    return {
      env: {
        LIVEKIT_URL: `ws://127.0.0.1:${at(0)}`,
        REDIS_URL: `redis://127.0.0.1:${at(4)}`,
        SIP_PORT: at(5),
        ATTENDANT_SPEECH_PORT: at(6),
        ATTENDANT_WORKER_PORT: at(7),
        ATTENDANT_API_PORT: at(8),
      },
      release: () => guard.close(),
    };
  }
  throw new AttendantError('E_PORT_IN_USE', 'no free block of ports is left between 10240 and 31743');
}

async function bindsTcp(port: number): Promise<boolean> {
  const server = await listen(port);
  if (!server) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

/** A listener on every IPv4 address, which fails too where a process listens on one of them only. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => resolve(server));
  });
}

function bindsUdp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind({ port, address: '0.0.0.0', exclusive: true }, () => socket.close(() => resolve(true)));
  });
}
