import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Clock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';

/** How long requests in progress may take to end once we are told to. */
const GRACE = 5_000;
/** Connections at once; more wait in the system's queue. */
const CONNECTIONS = 1_000;

/**
 * Serves until the signal aborts, then lets what is in progress end. `onListening` is called once it accepts connections.
 *
 * @throws AttendantError E_PORT_IN_USE
 */
export async function serve(
  fetch: (request: Request) => Response | Promise<Response>,
  options: {
    host: string;
    port: number;
    clock: Clock;
    signal: AbortSignal;
    onListening: (port: number) => void;
  },
): Promise<void> {
  const { host, port, clock, signal, onListening } = options;
  const listener = getRequestListener(fetch, { overrideGlobalObjects: false });
  const server = createServer(
    // Slow senders must not hold connections: the headers in 10 s, the whole request in 30 s.
    { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5_000, maxHeaderSize: 16 * 1024 },
    (incoming, outgoing) => {
      // A connection whose last answer was in progress when we were told to stop is kept alive otherwise.
      outgoing.once('close', () => {
        if (signal.aborted) setImmediate(() => server.closeIdleConnections());
      });
      void listener(incoming, outgoing);
    },
  );
  server.maxConnections = CONNECTIONS;
  await listen(server, host, port);
  const address = server.address();
  onListening(typeof address === 'object' && address ? address.port : port);
  if (!signal.aborted) await once(signal, 'abort');
  const closed = once(server, 'close');
  server.close();
  const cancel = clock.after(GRACE, () => server.closeAllConnections());
  await closed;
  cancel();
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new AttendantError('E_PORT_IN_USE', `port ${port} is taken; the API needs it`, { cause });
    throw new AttendantError('E_CONFIG', `the API cannot listen on ${host}:${port}: ${message}`, { cause });
  }
}
