import { connect } from 'node:net';
import { asAttendantError } from '../base/errors.ts';
import type { Config } from '../config.ts';

const WITHIN_MS = 2_000;

/** True when something accepts TCP connections there. */
export function listens(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: WITHIN_MS });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}

/** True when the URL is answered, with whatever status: a server that is busy says 429 and is there nevertheless. */
export async function answersHttp(url: string, signal: AbortSignal): Promise<boolean> {
  const response = await fetch(url, { signal: within(signal) });
  await response.body?.cancel();
  return true;
}

/** True when the URL is answered with a 2xx status. */
export async function answersOk(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: within(signal) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** True when a Redis is there that lets us in. */
export async function answersPing(url: string, signal: AbortSignal): Promise<boolean> {
  const { createClient } = await import('redis');
  const client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: WITHIN_MS } });
  client.on('error', () => undefined);
  const over = within(signal);
  const end = () => client.destroy();
  over.addEventListener('abort', end, { once: true });
  try {
    await client.connect();
    return (await client.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    over.removeEventListener('abort', end);
    if (client.isOpen) client.destroy();
  }
}

/** Whether the LiveKit of the settings answers and takes our key. */
export async function asksLiveKit(
  config: Config,
  signal: AbortSignal,
): Promise<'accepts' | 'refuses' | 'silent'> {
  const { connectLiveKit } = await import('../livekit/client.ts');
  try {
    await connectLiveKit(config.livekit, { requestTimeout: WITHIN_MS }).rooms.list(signal);
    return 'accepts';
  } catch (error) {
    signal.throwIfAborted();
    return asAttendantError(error).code === 'E_LIVEKIT_UNREACHABLE' ? 'silent' : 'refuses';
  }
}

function within(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]);
}
