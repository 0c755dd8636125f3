import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Clock } from './clock.ts';
import { AttendantError } from './errors.ts';

/** Where and how an HTTP server of ours listens. Milliseconds. */
export interface Listening {
  /** As it stands in error messages, e.g. `the API`. */
  readonly name: string;
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** How long an idle connection is kept for its client's next request. */
  readonly keepAlive: number;
  /** How long requests in progress may take to end once we are told to. */
  readonly grace: number;
  /** Connections at once; more wait in the system's queue. */
  readonly connections: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told the port once it accepts connections. */
  readonly onListening: (port: number) => void;
}

/**
 * Serves until the signal aborts, then lets what is in progress end.
 *
 * @throws AttendantError E_PORT_IN_USE, or E_CONFIG where it cannot listen there for another reason
 */
export async function serve(
  fetch: (request: Request) => Response | Promise<Response>,
  listening: Listening,
): Promise<void> {
  const { grace, clock, signal, onListening } = listening;
  const listener = getRequestListener(fetch, { overrideGlobalObjects: false });
  const server = createServer(
    // Slow senders must not hold connections: the headers in 10 s, the whole request in 30 s.
    {
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: listening.keepAlive,
      maxHeaderSize: 16 * 1024,
    },
    (incoming, outgoing) => {
      // A connection whose last answer was in progress when we were told to stop is kept alive otherwise.
      outgoing.once('close', () => {
        if (signal.aborted) setImmediate(() => server.closeIdleConnections());
      });
      void listener(incoming, outgoing);
    },
  );
  server.maxConnections = listening.connections;
  await listen(server, listening);
  const address = server.address();
  onListening(typeof address === 'object' && address ? address.port : listening.port);
  if (!signal.aborted) await once(signal, 'abort');
  const closed = once(server, 'close');
  server.close();
  const cancel = clock.after(grace, () => server.closeAllConnections());
  await closed;
  cancel();
}

async function listen(server: Server, { name, host, port }: Listening): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new AttendantError('E_PORT_IN_USE', `port ${port} is taken; ${name} needs it`, { cause });
    throw new AttendantError('E_CONFIG', `${name} cannot listen on ${host}:${port}: ${message}`, { cause });
  }
}
